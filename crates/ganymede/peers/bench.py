"""What `ganymede bench --against-pytorch` measures on the other side, behind the networks of networks.py.

Reads one question a line from standard input, JSON as in
crates/ganymede/src/bench/protocol.rs, and answers each with one line. Between questions it waits
and uses no core. The arguments are the number of threads, and the form in which networks are computed: eager,
channels-last, compiled or openvino.

The networks, losses and steps are those of the program: the discriminator on real and generated images, then the
generator with the discriminator's weights frozen, both with Adam. Nothing is asked of PyTorch that it would not have
to do anyway, and what it offers to be faster on a CPU is used: inference mode, fused updates, gradients set to none.
"""

import contextlib
import importlib.util
import resource
import time

FORM = sys.argv[2]


class Lacks(Exception):
    """A package is not here; its name."""


def laid(tensor):
    """With channels innermost, where that is asked for."""
    return tensor.to(memory_format=torch.channels_last) if FORM == "channels-last" else tensor


def conv(case):
    n, c, size, o, kernel = (case[key] for key in ("n", "c", "size", "o", "kernel"))
    stride, padding = [case["stride"]] * 2, case["padding"]
    x, w = laid(torch.randn(n, c, size, size)), laid(torch.randn(o, c, *kernel))
    dy = torch.randn_like(F.conv2d(x, w, None, stride, padding))

    def gradient(wanted):
        torch.ops.aten.convolution_backward(
            dy, x, w, None, stride, padding, [1, 1], False, [0, 0], 1, wanted
        )

    @torch.inference_mode()
    def run(part):
        if part == "forward":
            F.conv2d(x, w, None, stride, padding)
        elif part == "dx":
            gradient([True, False, False])
        else:
            gradient([False, True, False])

    return run


def images(batch, side=64):
    return laid(torch.rand(batch, 3, side, side) * 2 - 1)


def step(case):
    recipe, batch = RECIPES[case["recipe"]], case["batch"]
    g, d = laid(recipe.generator()), laid(recipe.discriminator())
    opt_g, opt_d = (
        torch.optim.Adam(net.parameters(), lr=lr, betas=recipe.betas, fused=True)
        for net, lr in zip((g, d), recipe.lr)
    )

    def classes():
        return (torch.randint(recipe.classes, (batch,)),) if recipe.classes else ()

    real = (images(batch, recipe.side), *classes())

    def generated():
        told = classes()
        return g(torch.randn(batch, recipe.z_dim), *told), *told

    def run(_):
        with torch.no_grad():
            fake = generated()
        recipe.loss_d(d, real, fake).backward()
        opt_d.step()
        opt_d.zero_grad(set_to_none=True)
        d.requires_grad_(False)
        d.train(not recipe.spectral)
        recipe.loss_g(d, real, generated()).backward()
        opt_g.step()
        opt_g.zero_grad(set_to_none=True)
        d.requires_grad_(True)
        d.train()

    run.parameters = [sum(weights.numel() for weights in net.parameters()) for net in (g, d)]
    return run


def penalty(case):
    d = laid(discriminator(norm=False))
    real, fake = images(case["batch"]), images(case["batch"])
    term = {"wgan-gp": wgan_gp, "r1": r1}[case["penalty"]]

    def run(_):
        term(d, real, fake).backward()
        d.zero_grad(set_to_none=True)

    return run


def update(case):
    weights = [torch.randn(length) * 0.02 for length in case["lengths"]]
    if case["rule"] == "ema":
        average = [torch.randn_like(weight) * 0.02 for weight in weights]
        return lambda _: torch._foreach_lerp_(average, weights, 1e-3)
    for weight in weights:
        weight.requires_grad_()
        weight.grad = torch.randn_like(weight)
    if case["rule"] == "adam":
        optimizer = torch.optim.Adam(weights, lr=2e-4, betas=(0.5, 0.999), fused=True)
    else:
        optimizer = torch.optim.RMSprop(weights, lr=5e-5, foreach=True)
    return lambda _: optimizer.step()


def rows(count, dim, seed):
    mixture = torch.randn(64, dim, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    causes, noise = torch.randn(count, 64, generator=generator), torch.randn(count, dim, generator=generator)
    return F.relu(causes @ mixture / 8 + 0.1 * noise).numpy()


def inception(case):
    from pytorch_fid import inception as fid

    weights = case["weights"]
    if weights.endswith(".safetensors"):
        from safetensors.torch import load_file

        state = load_file(weights)
    else:
        state = torch.load(weights, weights_only=True)
    # The trunk alone will do.
    state.setdefault("fc.weight", torch.zeros(1008, 2048))
    state.setdefault("fc.bias", torch.zeros(1008))
    fid.load_state_dict_from_url = lambda *_, **__: state
    # Images come at their size and between −1 and 1: what is measured is the network.
    network = laid(fid.InceptionV3((3,), resize_input=False, normalize_input=False).eval())
    return features(network, case["images"], 299)


def features(network, count, side):
    levels = torch.arange(count * 3 * side**2) * 7919 % 256
    images = laid((levels.float() / 127.5 - 1).view(-1, 3, side, side))
    if FORM == "openvino":
        return openvino(network, images)
    if FORM == "compiled":
        from torch._inductor import config

        config.freezing = True
        network = torch.compile(network)

    @torch.no_grad()
    def run(_):
        network(images)

    return run


class Layer(torch.nn.Module):
    """One of DINOv2's, with its scales folded in."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = (torch.nn.LayerNorm(width, 1e-6) for _ in range(2))
        self.qkv, self.projection = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.up, self.down = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.projection(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Dinov2(torch.nn.Module):
    """The smallest, on images of 224 pixels; features are the class token."""

    def __init__(self, width=384, depth=12, heads=6, patches=256):
        super().__init__()
        self.patch = torch.nn.Conv2d(3, width, 14, 14)
        self.token = torch.nn.Parameter(torch.randn(1, 1, width))
        self.positions = torch.nn.Parameter(torch.randn(1, 1 + patches, width))
        self.layers = torch.nn.Sequential(*(Layer(width, heads) for _ in range(depth)))
        self.norm = torch.nn.LayerNorm(width, 1e-6)

    def forward(self, images):
        x = self.patch(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions
        return self.norm(self.layers(x)[:, 0])


def openvino(network, images):
    """In its throughput mode: as many requests at a time as it thinks best, each of a few images."""
    if importlib.util.find_spec("openvino") is None:
        raise Lacks("openvino")
    import openvino as ov

    model = ov.convert_model(network, example_input=images[:1])
    model.reshape([PART, *images.shape[1:]])
    options = {
        "PERFORMANCE_HINT": "THROUGHPUT",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    requests = ov.AsyncInferQueue(ov.Core().compile_model(model, "CPU", options))
    parts = [part.numpy() for part in images.split(PART)]

    def run(_):
        for part in parts:
            requests.start_async(part, share_inputs=True)
        requests.wait_all()

    return run


# Images of a request.
PART = 1


def metric(case):
    import numpy as np

    if case["metric"] == "inception":
        return inception(case)
    if case["metric"] == "dinov2":
        return features(laid(Dinov2().eval()), case["images"], 224)
    if case["metric"] == "frechet":
        from scipy import linalg

        dim = case["dim"]
        real, fake = (np.cov(rows(2 * dim, dim, seed).astype(np.float64), rowvar=False) for seed in (1, 2))
        # What pytorch-fid, clean-fid and StyleGAN spend their time on.
        return lambda _: linalg.sqrtm(real @ fake)
    from prdc import compute_prdc

    real, fake = rows(case["rows"], case["dim"], 1), rows(case["rows"], case["dim"], 2)

    def quietly(_):
        # It prints the numbers of rows, and standard output is for answers.
        with contextlib.redirect_stdout(sys.stderr):
            compute_prdc(real, fake, nearest_k=5)

    return quietly


CASES = {"conv": conv, "step": step, "penalty": penalty, "update": update, "metric": metric}


def measure(run, part, seconds):
    start, calls = time.perf_counter(), 0
    while True:
        run(part)
        calls += 1
        passed = time.perf_counter() - start
        if passed >= seconds:
            return {"answer": "time", "seconds": passed / calls, "calls": calls}


def gemm(size):
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = min(measure(lambda _: a @ b, "", 0.0)["seconds"] for _ in range(20))
    return {"answer": "time", "seconds": best, "calls": 1}


def usage():
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Kilobytes on Linux, bytes on macOS.
    unit = 1024.0 if sys.platform.startswith("linux") else 1024.0**2
    return {
        "answer": "usage",
        "peak_mb": used.ru_maxrss / unit,
        "minor_faults": used.ru_minflt,
        "user_seconds": used.ru_utime,
        "system_seconds": used.ru_stime,
    }


def answer(question, held):
    match question["ask"]:
        case "gemm":
            return gemm(question["size"])
        case "prepare":
            held.clear()
            held.append(CASES[question["case"]["kind"]](question["case"]))
            return {"answer": "ready", "parameters": getattr(held[0], "parameters", None)}
        case "measure":
            return measure(held[0], question["part"], question["seconds"])
        case "usage":
            return usage()


def main():
    torch.manual_seed(0)
    torch.set_num_threads(int(sys.argv[1]))
    hello = {
        "answer": "hello",
        "version": torch.__version__,
        "threads": torch.get_num_threads(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
    }
    print(json.dumps(hello), flush=True)
    held = []
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), held)
        except Lacks as lacks:
            reply = {"answer": "lacks", "package": str(lacks)}
        except Exception as error:  # Whatever it is, the one who asked has to hear of it.
            reply = {"answer": "failed", "message": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
