"""Writes the seeds that no fixture of another crate has.

    python gen.py RUN IMAGES STATS        # with numpy and Pillow installed

RUN is the folder of a run of `ganymede train ring-r1` with networks of width 4, IMAGES one of `dcgan`, STATS a
statistics file of `ganymede-metrics`; what `found-…` is called was found by mutation, and stays.
"""

import gzip
import io
import json
import pathlib
import shutil
import struct
import sys
import tarfile

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent


def put(target, name, content):
    folder = HERE / target
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)


def idx(array):
    return struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def deb(name, content):
    def entry(name, content):
        head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        return head + content + b"\n" * (len(content) % 2)

    return b"!<arch>\n" + entry("debian-binary", b"2.0\n") + entry(name, content)


def image(target, name, picture, **how):
    out = io.BytesIO()
    picture.save(out, how.pop("format"), **how)
    put(target, name, out.getvalue())


def header_of(content):
    return json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])


def state_of(checkpoint):
    return header_of(checkpoint.read_bytes())["__metadata__"]["state"].encode()


def small(stats):
    """The metadata of a statistics file, with three features of four rows."""
    rows = np.arange(12, dtype="<f4").reshape(4, 3) % 5
    scatter = (rows - rows.mean(0)).T @ (rows - rows.mean(0))
    parts = {"mean": rows.mean(0).astype("<f8"), "scatter": scatter.astype("<f8"), "rows": rows}
    header, data = {"__metadata__": header_of(stats)["__metadata__"] | {"count": "4"}}, b""
    for name, array in parts.items():
        end = len(data) + array.nbytes
        kind = "F64" if array.itemsize == 8 else "F32"
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [len(data), end]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def main(run, images, stats):
    import lzma

    g = np.random.default_rng(3)
    levels = g.integers(0, 256, (3, 4, 5), dtype=np.uint8)
    put("idx", "images", idx(levels))
    put("idx", "images.gz", gzip.compress(idx(levels), mtime=0))
    put("idx", "labels", idx(np.array([1, 9, 4], np.uint8)))
    record = bytes([7]) + g.integers(0, 256, 3072, dtype=np.uint8).tobytes()
    put("cifar", "batch", record * 2)
    batches = {"cifar-10-batches-bin/data_batch_1.bin": record, "cifar-10-batches-bin/test_batch.bin": record}
    put("cifar-tar", "archive", gzip.compress(tar(batches), mtime=0))
    wanted = tar({"usr/share/wanted": b"hello", "usr/share/other.gz": b"x"})
    packed = tar({"wanted.gz": gzip.compress(b"hello", mtime=0)})
    put("tar", "plain", gzip.compress(wanted, mtime=0))
    put("tar", "packed", gzip.compress(packed, mtime=0))
    put("deb", "xz", deb("data.tar.xz", lzma.compress(wanted)))
    put("deb", "gz", deb("data.tar.gz", gzip.compress(packed, mtime=0)))
    put("deb", "plain", deb("data.tar", wanted))

    names = ["a.png", "b/c.png"]
    for name, labels in {"classes": [3, 0], "vectors": [[0.5, -1], [1e3, 2]], "none": None}.items():
        rows = labels and [list(row) for row in zip(names, labels)]
        put("dataset-json", name, json.dumps({"labels": rows, "more": {"x": []}}).encode())

    rgb = Image.fromarray(g.integers(0, 256, (9, 7, 3), dtype=np.uint8))
    frames = [rgb.convert("RGBA"), rgb.rotate(180).convert("RGBA")]
    image("webp", "animated.webp", frames[0], format="WEBP", save_all=True, append_images=frames[1:], lossless=True)
    image("webp", "alpha.webp", frames[0], format="WEBP", quality=50)
    image("bmp", "1.bmp", rgb.convert("1"), format="BMP")
    image("bmp", "32.bmp", frames[0], format="BMP")
    image("tiff", "bilevel.tif", rgb.convert("1"), format="TIFF", compression="group4")
    image("tiff", "cmyk.tif", rgb.convert("CMYK"), format="TIFF")
    image("tiff", "16.tif", Image.fromarray(g.integers(0, 65536, (4, 5), dtype=np.uint16)), format="TIFF")
    image("tiff", "jpeg.tif", rgb, format="TIFF", compression="jpeg")
    image("jpeg", "exif.jpg", rgb, format="JPEG", exif=b"Exif\0\0" + b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0")
    image("png", "adam7-like.png", rgb.quantize(7), format="PNG", transparency=3)
    put("pnm", "plain.ppm", b"P3\n# word\n2 2\n255\n1 2 3 4 5 6 7 8 9 10 11 12\n")
    put("pnm", "bits.pbm", b"P4\n9 2\n\xa5\x80\x5a\x00")
    put("pnm", "any.pam", b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n12345678")
    put("pnm", "deep.pgm", b"P5\n2 2\n1000\n\x00\x01\x02\x03\x03\x00\x01\x01")

    put("path-list", "plain", b"a.png\nlist.txt\n\n./a.png\n")
    put("path-list", "returns", b"a.png\r\n/dev/null\r\n")
    put("checkpoint-state", "state", state_of(run / "checkpoints/last.safetensors"))
    shutil.copy(run / "checkpoints/last.safetensors", HERE.parent / "model.safetensors")
    for log in ("log", "metrics", "timing"):
        put("jsonl", log, (run / f"{log}.jsonl").read_bytes())
    put("jsonl", "torn", (run / "timing.jsonl").read_bytes()[:-9])
    put("run-file", "run.toml", (run / "run.toml").read_bytes())
    put("checkpoint-state", "state-of-images", state_of(images / "checkpoints/last.safetensors"))
    put("statistics", "stats", small(stats.read_bytes()))


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
