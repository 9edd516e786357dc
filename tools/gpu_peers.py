"""What cuBLAS, cuDNN and PyTorch's own kernels take on this GPU, as CSV: op, shape, microseconds.

Plain float32: TF32 is off. Random data, inputs rotated past the L2 cache, the median of 20 after 3 that do not count.
"""

import statistics
import sys

import torch

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True
print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}, TF32 off", file=sys.stderr)


def timed(make, call):
    sets = [make() for _ in range(4)]
    times = []
    for i in range(23):
        start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call(*sets[i % len(sets)])
        stop.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(stop) * 1e3)
    return statistics.median(times[3:])


def row(op, shape, make, call):
    try:
        print(f"{op},{shape},{timed(make, call):.2f}", flush=True)
    except RuntimeError as error:
        print(f"{op},{shape},failed: {error}", file=sys.stderr)


def normal(*shape):
    return torch.randn(shape, device="cuda")


row("copy", "2^28", lambda: (normal(1 << 28),), lambda x: x.clone())
for n in (512, 1024, 2048, 4096):
    row("gemm", f"{n}x{n}x{n}", lambda n=n: (normal(n, n), normal(n, n)), torch.mm)
for batch, size, c, k, r in ((64, 56, 64, 64, 3), (64, 28, 128, 128, 3), (64, 14, 256, 256, 3), (128, 32, 16, 16, 3)):
    row("conv2d", f"{batch}x{size}x{size}x{c} {r}x{r}x{k}",
        lambda b=batch, s=size, c=c, k=k, r=r: (normal(b, c, s, s).contiguous(memory_format=torch.channels_last),
                                                normal(k, c, r, r).contiguous(memory_format=torch.channels_last)),
        lambda x, w: torch.nn.functional.conv2d(x, w, padding=1))
row("softmax", "65536x1024", lambda: (normal(65536, 1024),), lambda x: torch.softmax(x, -1))
row("layer_normalization", "65536x1024", lambda: (normal(65536, 1024),),
    lambda x: torch.nn.functional.layer_norm(x, (1024,)))
row("sum", "2^28", lambda: (normal(1 << 28),), torch.sum)
