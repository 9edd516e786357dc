"""What cuBLAS, cuDNN and PyTorch's own kernels take on this GPU, as CSV: op, shape as in the names of keratin_bench,
microseconds.

Plain float32: TF32 is off. Random data, inputs rotated past the L2 cache, the median of 20 times 8 calls, after 3 that
do not count.
"""

import statistics
import sys

import torch

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True
print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}, TF32 off", file=sys.stderr)


def timed(make, call):
    sets = [make()]
    size = sum(x.nbytes for x in sets[0] if isinstance(x, torch.Tensor))
    sets += [make() for _ in range(3 if size < 1 << 28 else 0)]  # larger ones are past the L2 cache alone
    times = []
    for _ in range(23):
        start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for i in range(8):  # one after the other, as keratin_bench does: launches hide behind what runs
            call(*sets[i % len(sets)])
        stop.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(stop) * 1e3 / 8)
    return statistics.median(times[3:])


def row(op, shape, make, call):
    try:
        print(f"{op},{shape},{timed(make, call):.2f}", flush=True)
    except RuntimeError as error:
        print(f"{op},{shape},failed: {error}", file=sys.stderr)
    torch.cuda.empty_cache()


def normal(*shape):
    return torch.randn(shape, device="cuda")


def convolution(batch, size, c, k, r, stride=1, groups=1):
    """The three passes, under the names that keratin_bench gives them; NHWC inside."""
    out = -(-size // stride)
    pad = max(0, (out - 1) * stride + r - size) // 2
    shape = f"{batch}x{size}x{size}x{c}_{r}x{r}_->_{batch}x{out}x{out}x{k}"
    shape += f"_stride_{stride}x{stride}" if stride > 1 else ""
    shape += f"_pad_{pad}x{pad}" if pad else ""
    shape += f"_groups_{groups}" if groups > 1 else ""

    def image(*sizes):
        return normal(*sizes).contiguous(memory_format=torch.channels_last)

    def operands():
        x, w = image(batch, c, size, size), image(k, c // groups, r, r)
        return x, w, torch.nn.functional.conv2d(x, w, stride=stride, padding=r // 2, groups=groups)

    def backward(of_x, of_w):
        return lambda x, w, dy: torch.ops.aten.convolution_backward(
            dy, x, w, None, (stride, stride), (r // 2, r // 2), (1, 1), False, (0, 0), groups, (of_x, of_w, False))

    row("conv2d", shape, operands,
        lambda x, w, _: torch.nn.functional.conv2d(x, w, stride=stride, padding=r // 2, groups=groups))
    row("conv2d_input_gradient", shape, operands, backward(True, False))
    row("conv2d_weight_gradient", shape, operands, backward(False, True))


row("copy", "2^28", lambda: (normal(1 << 28),), lambda x: x.clone())
for n in (512, 1024, 2048, 4096):
    row("gemm", f"{n}x{n}x{n}", lambda n=n: (normal(n, n), normal(n, n)), torch.mm)
convolution(64, 224, 3, 64, 7, stride=2)
convolution(64, 56, 64, 64, 3)
convolution(64, 56, 64, 256, 1)
convolution(64, 28, 128, 128, 3)
convolution(64, 14, 256, 256, 3)
convolution(128, 32, 16, 16, 3)
convolution(64, 56, 128, 128, 3, stride=2)
convolution(64, 56, 128, 128, 3, groups=128)
for rows, columns in ((4096, 1024), (65536, 1024), (4096, 32768)):
    def matrices(rows=rows, columns=columns):
        return normal(rows, columns), normal(rows, columns)

    row("softmax", f"{rows}x{columns}", matrices, lambda x, _: torch.softmax(x, -1))
    row("log_softmax", f"{rows}x{columns}", matrices, lambda x, _: torch.log_softmax(x, -1))
    row("softmax_gradient", f"{rows}x{columns}", matrices,
        lambda y, dy: torch.ops.aten._softmax_backward_data(dy, y, -1, torch.float32))
    row("log_softmax_gradient", f"{rows}x{columns}", matrices,
        lambda y, dy: torch.ops.aten._log_softmax_backward_data(dy, y, -1, torch.float32))
    if columns == 1024:
        row("layer_norm", f"{rows}x{columns}", matrices, lambda x, _: torch.nn.functional.layer_norm(x, (1024,)))
row("max_pool2d", "256x112x112x64_2x2_->_256x56x56x64",
    lambda: (normal(256, 64, 112, 112).contiguous(memory_format=torch.channels_last),),
    lambda x: torch.nn.functional.max_pool2d(x, 2))
row("unary", "relu_134217728", lambda: (normal(1 << 27),), torch.relu)
row("reduce", "sum_1x134217728x1_over_1", lambda: (normal(1 << 27),), torch.sum)
row("arg_reduce", "argmax_4096x1024x1_over_1", lambda: (normal(4096, 1024),), lambda x: torch.argmax(x, 1))


def adam():
    weights = torch.nn.Parameter(normal(100_000_000))
    weights.grad = normal(100_000_000)
    return (torch.optim.Adam([weights], fused=True),)


row("update", "adam_100000000", adam, lambda optimizer: optimizer.step())
