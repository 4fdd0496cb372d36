// GIF, still and animated, through giflib: records are read one by one, so that only the frames asked for are decoded.
#include "runtime/media/PictureCodecs.h"

#include <algorithm>
#include <cstring>
#include <gif_lib.h>

namespace gemmart {

namespace {

struct Input {
  std::span<const uint8_t> left;
};

int readData(GifFileType *gif, GifByteType *to, int bytes) {
  auto *input = static_cast<Input *>(gif->UserData);
  size_t count = std::min(input->left.size(), size_t(bytes));
  memcpy(to, input->left.data(), count);
  input->left = input->left.subspan(count);
  return int(count);
}

/// The picture on the screen of a GIF, frame after frame.
class Screen {
public:
  Screen(GifFileType *gif) : gif(gif), width(gif->SWidth), height(gif->SHeight), rgba(size_t(width * height * 4)) {}

  /// Reads the frame whose record was just met and draws it. An empty text, or what is wrong.
  const char *draw(const GraphicsControlBlock &control);
  /// Prepares for the next frame, as the last one asked for.
  void dispose();
  Picture picture() const { return opaque(rgba.data(), width, height); }

private:
  void putRow(int64_t y, int64_t left, const std::vector<GifByteType> &row, const ColorMapObject &colors,
              int transparent);
  GifFileType *gif;
  int64_t width, height;
  std::vector<uint8_t> rgba, before;
  int disposal = DISPOSAL_UNSPECIFIED;
  int64_t left = 0, top = 0, wide = 0, tall = 0;
};

void Screen::putRow(int64_t y, int64_t left, const std::vector<GifByteType> &row, const ColorMapObject &colors,
                    int transparent) {
  if (y >= height)
    return;
  for (int64_t x = 0; x < int64_t(row.size()) && left + x < width; ++x) {
    int code = row[size_t(x)];
    if (code == transparent || code >= colors.ColorCount)
      continue;
    const GifColorType &color = colors.Colors[code];
    uint8_t pixel[4] = {color.Red, color.Green, color.Blue, 255};
    memcpy(&rgba[size_t((y * width + left + x) * 4)], pixel, 4);
  }
}

const char *Screen::draw(const GraphicsControlBlock &control) {
  if (DGifGetImageDesc(gif) == GIF_ERROR)
    return "a frame's header is broken";
  const GifImageDesc &image = gif->Image;
  const ColorMapObject *colors = image.ColorMap ? image.ColorMap : gif->SColorMap;
  left = image.Left, top = image.Top, wide = image.Width, tall = image.Height;
  if (!colors)
    return "a frame has no colours";
  if (wide < 1 || tall < 1 || wide > width || tall > height)
    return "a frame does not fit the picture";
  disposal = control.DisposalMode;
  if (disposal == DISPOSE_PREVIOUS)
    before = rgba;
  std::vector<GifByteType> row(static_cast<size_t>(wide));
  struct Pass {
    int64_t first, step;
  };
  static constexpr Pass whole[] = {{0, 1}}, interlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
  std::span<const Pass> passes = image.Interlace ? std::span<const Pass>(interlaced) : std::span<const Pass>(whole);
  for (const Pass &pass : passes)
    for (int64_t y = pass.first; y < tall; y += pass.step) {
      if (DGifGetLine(gif, row.data(), int(wide)) == GIF_ERROR)
        return "it is broken or cut off";
      putRow(top + y, left, row, *colors, control.TransparentColor);
    }
  return "";
}

void Screen::dispose() {
  if (disposal == DISPOSE_PREVIOUS)
    rgba = before;
  if (disposal == DISPOSE_BACKGROUND)
    for (int64_t y = top; y < std::min(top + tall, height); ++y)
      if (left < width)
        memset(&rgba[size_t((y * width + left) * 4)], 0, size_t(std::min(wide, width - left) * 4));
}

/// Reads an extension to its end; a graphics control block is kept.
bool readExtension(GifFileType *gif, GraphicsControlBlock &control) {
  int code = 0;
  GifByteType *data = nullptr;
  if (DGifGetExtension(gif, &code, &data) == GIF_ERROR)
    return false;
  if (code == GRAPHICS_EXT_FUNC_CODE && data && data[0] >= 4)
    DGifExtensionToGCB(data[0], data + 1, &control);
  while (data)
    if (DGifGetExtensionNext(gif, &data) == GIF_ERROR)
      return false;
  return true;
}

} // namespace

Result<Animation> decodeGif(std::span<const uint8_t> file, const PictureLimits &limits, int64_t frames) {
  Input input{file};
  int error = 0;
  GifFileType *gif = DGifOpen(&input, readData, &error);
  if (!gif)
    return inputError("its GIF header is broken");
  struct Owner {
    GifFileType *gif;
    ~Owner() { DGifCloseFile(gif, nullptr); }
  } owner{gif};
  if (Status status = checkSize(gif->SWidth, gif->SHeight, limits); !status)
    return status;
  int64_t room = limits.pixels / (int64_t(gif->SWidth) * gif->SHeight); // frames that fit
  Screen screen(gif);
  Animation animation;
  double begins = 0;
  const GraphicsControlBlock plain = {DISPOSAL_UNSPECIFIED, false, 0, NO_TRANSPARENT_COLOR};
  GraphicsControlBlock control = plain;
  GifRecordType record = UNDEFINED_RECORD_TYPE;
  while (int64_t(animation.frames.size()) < frames && record != TERMINATE_RECORD_TYPE) {
    if (DGifGetRecordType(gif, &record) == GIF_ERROR)
      return inputError("it is broken or cut off");
    if (record == EXTENSION_RECORD_TYPE && !readExtension(gif, control))
      return inputError("it is broken or cut off");
    if (record != IMAGE_DESC_RECORD_TYPE)
      continue;
    if (int64_t(animation.frames.size()) == room)
      return inputError("its frames have more than " + std::to_string(limits.pixels) + " pixels together");
    if (const char *wrong = screen.draw(control); *wrong)
      return inputError(wrong);
    animation.frames.push_back(screen.picture());
    animation.seconds.push_back(begins);
    begins += control.DelayTime / 100.0;
    screen.dispose();
    control = plain;
  }
  if (animation.frames.empty())
    return inputError("it has no frame");
  return animation;
}

} // namespace gemmart
