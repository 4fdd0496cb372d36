#!/usr/bin/env python3
"""What the encoders of pictures and sound read: `patches` and `features` of an executable, against independent references.

- goldens/mm (where ../shared is there): patches, positions, features and frames of samples as transformers made them.
- Pictures of every format: the same pixels as Pillow's, by a size at which nothing is resized.
- Sound of every format: a tone written by each format's own encoder comes back as the same features.
- Broken files: one sentence and exit code 1.
"""
import json
import shutil
import struct
import subprocess
import sys
import wave

import numpy as np
from PIL import Image

from common import ROOT, SHARED, Failure, build, must, options, run

MM = SHARED / "mm"
AUDIO_TOLERANCE = 1e-4  # the reference works in float32 up to the magnitudes, we in float64


def model_with_inputs(chosen):
    """A small text golden whose config says how pictures and sound come in."""
    folder = chosen.work / "checkpoint"
    shutil.copytree(ROOT / "test/goldens/text/base", folder)
    config = json.loads((folder / "config.json").read_text())
    text = {key: value for key, value in config.items() if key not in ("architectures", "model_type")}
    whole = {"model_type": "gemma4", "text_config": text | {"model_type": "gemma4_text"},
             "vision_config": {"model_type": "gemma4_vision", "patch_size": 16, "pooling_kernel_size": 3},
             "audio_config": {"model_type": "gemma4_audio"}}
    (folder / "config.json").write_text(json.dumps(whole))
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": {"max_soft_tokens": 25}}))
    model = chosen.work / "model"
    build(chosen, "models/gemma4.toml", folder, "q8", model, "--target", "x86-64-v3")
    return model


def check(name, ok, what=""):
    print(f"  {'ok  ' if ok else 'FAIL'} {name} {what}")
    return ok


def raw(model, command, option, source, kind, *more):
    out = model.with_suffix(".out")
    must([model, command, option, source, "-o", out, *more])
    return np.fromfile(out, dtype=kind)


def goldens(chosen):
    """Every prompt of goldens/mm that holds what the processor made."""
    good = True
    for config in sorted(MM.glob("*/config.json")):
        model = chosen.work / ("mm-" + config.parent.name)
        build(chosen, "models/gemma4.toml", config.parent, "q8", model, "--target", "x86-64-v3")
        for expected in sorted(config.parent.glob("*/*.patches.f32")):
            stem = expected.name.removesuffix(".patches.f32")
            media = json.loads((expected.parent / "meta.json").read_text())["media"]
            budget = media[int(stem.split("-")[1])]["budget"]
            positions = chosen.work / "positions"
            found = raw(model, "patches", "--image", expected.parent / (stem + ".png"), "<f4", "--image-tokens", budget,
                        "--positions", positions, *(["--frame"] if stem.startswith("video") else []))
            same = np.array_equal(found, np.fromfile(expected, dtype="<f4"))
            where = np.array_equal(np.fromfile(positions, dtype="<i4"),
                                   np.fromfile(expected.with_name(stem + ".positions.i32"), dtype="<i4"))
            good &= check(f"{expected.parent.relative_to(MM)}/{stem}", same and where, f"{found.size} values bit for bit")
        for expected in sorted(config.parent.glob("*/*.features.f32")):
            sound = expected.with_name(expected.name.replace(".features.f32", ".wav"))
            found, reference = raw(model, "features", "--audio", sound, "<f4"), np.fromfile(expected, dtype="<f4")
            worst = np.abs(found - reference).max() if found.shape == reference.shape else np.inf
            good &= check(str(expected.relative_to(MM)), worst <= AUDIO_TOLERANCE, f"worst {worst:.1e}")
    return good


def photograph(size):
    """Smooth colours with edges and noise: what shows a wrong transform, a wrong upsampling, a wrong order."""
    y, x = np.mgrid[0:size, 0:size] / size
    noise = np.random.default_rng(7).normal(0, 6, (size, size, 3))
    picture = np.stack([127 + 120 * np.sin(9 * x + 3 * y), 255 * (x * y), 255 * ((x - 0.4) ** 2 + (y - 0.6) ** 2 < 0.1)], -1)
    return Image.fromarray(np.clip(picture + noise, 0, 255).astype(np.uint8))


def pictures(chosen, model):
    picture = photograph(240)  # 25 soft tokens: its own size
    alpha = picture.copy()
    alpha.putalpha(Image.fromarray(np.tile(np.arange(240, dtype=np.uint8), (240, 1))))
    white = Image.new("RGBA", alpha.size, "white")
    turned = Image.Exif()
    turned[0x0112] = 6
    cases = [
        ("plain.png", picture, {}), ("palette.png", picture.quantize(100), {}), ("gray.png", picture.convert("L"), {}),
        ("alpha.png", alpha, {}), ("smooth.jpg", picture, {"quality": 85}),
        ("subsampled.jpg", picture, {"quality": 70, "subsampling": 2}), ("progressive.jpg", picture, {"progressive": True}),
        ("gray.jpg", picture.convert("L"), {}), ("inks.jpg", picture.convert("CMYK"), {"quality": 95}),
        ("turned.jpg", picture, {"exif": turned}), ("lossy.webp", picture, {"quality": 80}),
        ("lossless.webp", picture, {"lossless": True}), ("colours.gif", picture.quantize(200), {}), ("plain.bmp", picture, {}),
    ]
    good = True
    for name, image, how in cases:
        path = chosen.work / name
        image.save(path, **how)
        seen = Image.open(path)
        if name == "turned.jpg":
            seen = seen.transpose(Image.Transpose.ROTATE_270)
        seen = Image.alpha_composite(white, seen) if seen.mode == "RGBA" else seen
        expected = np.asarray(seen.convert("RGB")).reshape(15, 16, 15, 16, 3).transpose(0, 2, 1, 3, 4)
        found = np.rint(raw(model, "patches", "--image", path, "<f4").reshape(15, 15, 16, 16, 3) * 255)
        worst = int(np.abs(found - expected).max())
        good &= check(name, worst == 0, f"largest difference from Pillow's pixels {worst}")
    return good


def write_wav(path, samples, rate=16000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def sounds(chosen, model):
    time = np.arange(3 * 16000) / 16000
    samples = 0.4 * np.sin(2 * np.pi * (200 + 400 * time) * time) * np.minimum(1, 10 * time)
    plain = chosen.work / "tone.wav"
    write_wav(plain, samples)
    expected = raw(model, "features", "--audio", plain, "<f4").reshape(-1, 128)
    encoders = [("tone.flac", ["flac", "--totally-silent", "-f", plain, "-o"], 0), ("tone.ogg", ["oggenc", "-Q", "-q", "9", plain, "-o"], 0.6),
                ("tone.opus", ["opusenc", "--quiet", "--bitrate", "192", plain], 0.6), ("tone.mp3", ["lame", "--quiet", "-b", "160", plain], 0.6)]
    good = True
    for name, command, tolerance in encoders:
        path = chosen.work / name
        subprocess.run([*map(str, command), str(path)], check=True, stdin=subprocess.DEVNULL)
        found = raw(model, "features", "--audio", path, "<f4").reshape(-1, 128)
        # An MP3 begins with the delay of its encoder: the best of the shifts by whole frames counts.
        shift = min(range(len(found) - 200), key=lambda s: np.abs(found[s:s + 200] - expected[:200]).mean()) if len(found) > 200 else 0
        loud = expected[20:200] > 0  # what an encoder must keep
        worst = np.abs(found[shift + 20:shift + 200] - expected[20:200])[loud].mean()
        good &= check(name, worst <= tolerance, f"mean difference of the loud features {worst:.3f}, {shift} frames late")
    # Another rate, resampled, gives nearly the same features where the tone is.
    write_wav(chosen.work / "fast.wav", 0.4 * np.sin(2 * np.pi * (200 + 400 * (t := np.arange(3 * 44100) / 44100)) * t) * np.minimum(1, 10 * t), 44100)
    found = raw(model, "features", "--audio", chosen.work / "fast.wav", "<f4").reshape(-1, 128)
    worst = np.abs(found[:len(expected)] - expected)[expected > 0].max()
    return good & check("44,100 Hz", worst <= 0.02, f"largest difference of the loud features {worst:.4f}")


def broken(chosen, model):
    picture = (chosen.work / "smooth.jpg").read_bytes()
    png = (chosen.work / "plain.png").read_bytes()
    bomb = png[:16] + struct.pack(">II", 60000, 60000) + png[24:]
    cases = [("patches", "--image", "cut.jpg", picture[:len(picture) // 2]), ("patches", "--image", "bomb.png", bomb),
             ("patches", "--image", "empty.png", b""), ("patches", "--image", "text.png", b"hello"),
             ("features", "--audio", "empty.wav", b""), ("features", "--audio", "nothing.wav", wav_header(16000, 0)),
             ("features", "--audio", "text.mp3", b"ID3hello"), ("features", "--audio", "head.ogg", b"OggS" + bytes(100))]
    good = True
    for command, option, name, data in cases:
        path = chosen.work / name
        path.write_bytes(data)
        done = run([model, command, option, path, "-o", chosen.work / "none"], timeout=20)
        said = done.stderr.strip().splitlines()
        good &= check(name, done.returncode == 1 and len(said) == 1 and name in said[0] and not (chosen.work / "none").exists(),
                      said[-1] if said else f"exit code {done.returncode}")
    claims = wav_header(16000, 0xfffffff0) + bytes(32000)  # says 4 GiB, has a second
    (chosen.work / "claims.wav").write_bytes(claims)
    frames = raw(model, "features", "--audio", chosen.work / "claims.wav", "<f4").size // 128
    return good & check("claims.wav", frames == 99, f"{frames} frames")


def wav_header(rate, size):
    return (b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
            + b"data" + struct.pack("<I", size))


def main():
    chosen = options(__doc__)
    good = True
    if MM.exists():
        good &= goldens(chosen)
    else:
        print("goldens/mm is not here: only what is made by this test is checked")
    model = model_with_inputs(chosen)
    for part in (pictures, sounds, broken):
        print(part.__name__)
        good &= part(chosen, model)
    done = run([model, "--help"])
    good &= check("--help lists the commands", "patches" in done.stdout and "features" in done.stdout)
    print("1 passed, 0 failed" if good else "0 passed, 1 failed")
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(failure)
        sys.exit(1)
