"""Unpacks from LibTorch's wheels what a build and a run need. usage: unpack_libtorch.py WHEELS FOLDER

FOLDER/include and FOLDER/lib; the CUDA libraries only where a GPU's driver is present (they are 4 GB unpacked elsewhere)."""
import os
import shutil
import sys
import zipfile

ALWAYS = ("libc10.so", "libtorch_cpu.so", "libgomp", "libcudart.so", "libcupti.so")
WITH_GPU = ("libc10_cuda.so", "libtorch_cuda.so", "libtorch_cuda_linalg.so", "libcaffe2_nvrtc.so")


def target(name, gpu):
    if "torch/include/" in name and not name.endswith("/"):
        return "include/" + name.split("torch/include/", 1)[1]
    base = os.path.basename(name)
    wanted = ALWAYS + (WITH_GPU if gpu else ())
    return "lib/" + base if ".so" in base and base.startswith(wanted) else None


wheels, folder = sys.argv[1:]
gpu = os.path.exists("/proc/driver/nvidia/version")
for wheel in sorted(os.listdir(wheels)):
    with zipfile.ZipFile(os.path.join(wheels, wheel)) as archive:
        for name in archive.namelist():
            path = target(name, gpu)
            if path is None:
                continue
            path = os.path.join(folder, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(name) as source, open(path, "wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
