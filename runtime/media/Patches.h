// From a picture to what an image encoder reads: the size within a budget of soft tokens, the resized picture, its
// patches. The reference is transformers' image processor on torchvision; its output is met bit for bit.
#ifndef RUNTIME_MEDIA_PATCHES_H
#define RUNTIME_MEDIA_PATCHES_H

#include "runtime/media/Picture.h"

namespace gemmart {

/// How an encoder sees pictures.
struct PatchFormat {
  int64_t patch = 16;        ///< pixels on a side of a patch
  int64_t pool = 3;          ///< patches on a side of a soft token
  bool dividePixels = false; ///< pixel / 255 as for frames of a video; else pixel * (1 / 255), which may be 1 ulp off
  int64_t side() const { return patch * pool; } ///< pixels on a side of a soft token
};

/// A size in pixels, and how many soft tokens a picture of it gives.
struct PictureSize {
  int64_t width, height, softTokens;
};

/// The size that a picture is brought to: the aspect ratio is kept, the area is near budget * side^2, both sides are
/// multiples of `side`; small pictures grow. `budget`: soft tokens, at least 1; never exceeded.
PictureSize fitPicture(int64_t width, int64_t height, int64_t budget, const PatchFormat &format);

/// Bicubic (a = -0.5) with antialiasing, in integers as torch does it on bytes: width first, then height, rounded to
/// bytes between the two. A side that keeps its size is not touched.
Picture resizePicture(const Picture &picture, int64_t width, int64_t height);

/// Patches in row-major order, and where each lies.
struct Patches {
  int64_t count = 0;
  std::vector<float> values;      ///< [count, patch, patch, 3]: y, x, channel inside a patch; in [0, 1]
  std::vector<int32_t> positions; ///< [count, 2]: column, row
};

/// Cuts a picture whose sides are multiples of the patch.
Patches cutPatches(const Picture &picture, const PatchFormat &format);

} // namespace gemmart
#endif
