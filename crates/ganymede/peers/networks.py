"""The networks of `ganymede bench step` on the other side, each as its paper has it, and how a recipe trains them.

The program puts this file before bench.py and gives both to Python as one text.
"""

import json
import sys
from typing import Callable, NamedTuple

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    from torch.nn.utils.parametrizations import spectral_norm
except ImportError as error:
    print(json.dumps({"answer": "failed", "message": f"torch cannot be imported ({error})"}), flush=True)
    sys.exit(1)

CLASSES = 10


# DCGAN (Radford et al., 2016) at 64 pixels, and the critic of WGAN-GP, which has no normalisation.


def initialise(net):
    for layer in net.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
    return net


def generator():
    widths, layers = [100, 512, 256, 128, 64, 3], [nn.Unflatten(1, (100, 1, 1))]
    for i, (before, after) in enumerate(zip(widths, widths[1:])):
        stride, padding = (1, 0) if i == 0 else (2, 1)
        layers.append(nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False))
        if i < 4:
            layers += [nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    return initialise(nn.Sequential(*layers, nn.Tanh()))


def discriminator(norm):
    widths, layers = [3, 64, 128, 256, 512, 1], []
    for i, (before, after) in enumerate(zip(widths, widths[1:])):
        stride, padding = (1, 0) if i == 4 else (2, 1)
        layers.append(nn.Conv2d(before, after, 4, stride, padding, bias=not norm))
        if norm and 0 < i < 4:
            layers.append(nn.BatchNorm2d(after))
        if i < 4:
            layers.append(nn.LeakyReLU(0.2, inplace=True))
    return initialise(nn.Sequential(*layers, nn.Flatten(0)))


# Residual networks at 32 pixels: SNGAN (Miyato et al., 2018, table 4), SAGAN (Zhang et al., 2019, section 3) and BigGAN
# (Brock et al., 2019, appendix B). A 1x1 convolution and a resampling may change places: each shortcut is made at the
# smaller side, as in the program.


def plain(layer):
    return layer


class Attention(nn.Module):
    def __init__(self, channels, wrap):
        super().__init__()
        conv = lambda before, after: wrap(nn.Conv2d(before, after, 1, bias=False))
        self.theta, self.phi = conv(channels, channels // 8), conv(channels, channels // 8)
        self.g, self.o = conv(channels, channels // 2), conv(channels // 2, channels)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        keys, values = (F.max_pool2d(layer(x), 2).flatten(2) for layer in (self.phi, self.g))
        attention = torch.softmax(self.theta(x).flatten(2).transpose(1, 2) @ keys, 2)
        seen = (values @ attention.transpose(1, 2)).unflatten(2, x.shape[2:])
        return x + self.gamma * self.o(seen)


class StyledNorm(nn.Module):
    """Batch normalisation whose gains and biases are made from a vector."""

    def __init__(self, dim, channels, wrap):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gain = wrap(nn.Linear(dim, channels, bias=False))
        self.bias = wrap(nn.Linear(dim, channels, bias=False))

    def forward(self, x, style):
        gain, bias = (layer(style)[:, :, None, None] for layer in (self.gain, self.bias))
        return torch.addcmul(bias, self.norm(x), 1 + gain)


class UpBlock(nn.Module):
    def __init__(self, width, wrap, style, mode):
        super().__init__()
        norm = lambda: StyledNorm(style, width, wrap) if style else nn.BatchNorm2d(width)
        self.b1, self.b2 = norm(), norm()
        self.c1, self.c2 = (wrap(nn.Conv2d(width, width, 3, 1, 1)) for _ in range(2))
        self.shortcut = wrap(nn.Conv2d(width, width, 1))
        self.larger = nn.Upsample(scale_factor=2, mode=mode, **({} if mode == "nearest" else {"align_corners": False}))

    def forward(self, x, *style):
        h = self.c1(self.larger(F.relu_(self.b1(x, *style))))
        h = self.c2(F.relu_(self.b2(h, *style)))
        return h + self.larger(self.shortcut(x))


class DownBlock(nn.Module):
    def __init__(self, before, after, first, halves, wrap):
        super().__init__()
        self.c1, self.c2 = wrap(nn.Conv2d(before, after, 3, 1, 1)), wrap(nn.Conv2d(after, after, 3, 1, 1))
        self.shortcut = wrap(nn.Conv2d(before, after, 1)) if first or halves else None
        self.first, self.halves = first, halves

    def forward(self, x):
        h = self.c2(F.relu_(self.c1(x if self.first else F.relu(x))))
        if self.halves:
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        return h + (self.shortcut(x) if self.shortcut else x)


class ResidualGenerator(nn.Module):
    def __init__(self, z_dim, wrap=plain, attention=(), mode="bilinear", shared=0, width=256):
        super().__init__()
        self.part = z_dim // 4 if shared else z_dim
        self.shared = nn.Embedding(CLASSES, shared) if shared else None
        self.first = wrap(nn.Linear(self.part, width * 16))
        style = shared + self.part if shared else 0
        self.blocks = nn.ModuleList(UpBlock(width, wrap, style, mode) for _ in range(3))
        self.attention = nn.ModuleDict({str(i): Attention(width, wrap) for i in attention})
        self.norm, self.last = nn.BatchNorm2d(width), wrap(nn.Conv2d(width, 3, 3, 1, 1))

    def forward(self, z, *classes):
        parts = z.split(self.part, 1)
        x = self.first(parts[0]).unflatten(1, (-1, 4, 4))
        for i, block in enumerate(self.blocks):
            style = [torch.cat([self.shared(*classes), parts[i + 1]], 1)] if self.shared else []
            x = block(x, *style)
            if str(i) in self.attention:
                x = self.attention[str(i)](x)
        return torch.tanh(self.last(F.relu_(self.norm(x))))


class ResidualDiscriminator(nn.Module):
    def __init__(self, width, attention=(), classes=0):
        super().__init__()
        widths = [3, *[width] * 4]
        self.blocks = nn.ModuleList(
            DownBlock(before, after, i == 0, i < 2, spectral_norm)
            for i, (before, after) in enumerate(zip(widths, widths[1:]))
        )
        self.attention = nn.ModuleDict({str(i): Attention(width, spectral_norm) for i in attention})
        self.last = spectral_norm(nn.Linear(width, 1))
        self.embed = spectral_norm(nn.Embedding(classes, width)) if classes else None

    def forward(self, x, *classes):
        for i, block in enumerate(self.blocks):
            x = block(x)
            if str(i) in self.attention:
                x = self.attention[str(i)](x)
        x = F.relu_(x).sum((2, 3))
        scores = self.last(x)[:, 0]
        return scores + (self.embed(*classes) * x).sum(1) if self.embed else scores


# R3GAN (Huang et al., 2024, section 3) at 32 pixels.

GROUP, BLOCKS = 16, 2


class Resample(nn.Module):
    """Doubling or halving through the filter [1 3 3 1]."""

    def __init__(self, channels, doubles):
        super().__init__()
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        kernel = torch.outer(taps, taps) * (4 if doubles else 1)
        self.register_buffer("kernel", kernel.expand(channels, 1, 4, 4).clone())
        self.resample = F.conv_transpose2d if doubles else F.conv2d

    def forward(self, x):
        return self.resample(x, self.kernel, stride=2, padding=1, groups=x.shape[1])


class R3ganBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        wide = 2 * width
        self.c1 = nn.Conv2d(width, wide, 1, bias=False)
        self.c2 = nn.Conv2d(wide, wide, 3, 1, 1, groups=wide // GROUP, bias=False)
        self.c3 = nn.Conv2d(wide, width, 1, bias=False)
        self.b1, self.b2 = (nn.Parameter(torch.zeros(wide, 1, 1)) for _ in range(2))
        nn.init.zeros_(self.c3.weight)

    def forward(self, x):
        h = F.leaky_relu_(self.c1(x) + self.b1, 0.2)
        return x + self.c3(F.leaky_relu_(self.c2(h) + self.b2, 0.2))


class R3ganGenerator(nn.Module):
    def __init__(self, z_dim, width):
        super().__init__()
        self.basis = nn.Parameter(torch.randn(width, 4, 4))
        self.first = nn.Linear(z_dim, width, bias=False)
        blocks = [R3ganBlock(width) for _ in range(BLOCKS)]
        for _ in range(3):
            blocks += [Resample(width, True), *(R3ganBlock(width) for _ in range(BLOCKS))]
        self.main, self.last = nn.Sequential(*blocks), nn.Conv2d(width, 3, 1, bias=False)

    def forward(self, z):
        return self.last(self.main(self.basis * self.first(z)[:, :, None, None]))


class R3ganDiscriminator(nn.Module):
    def __init__(self, width):
        super().__init__()
        blocks = [nn.Conv2d(3, width, 1, bias=False)]
        for _ in range(3):
            blocks += [*(R3ganBlock(width) for _ in range(BLOCKS)), Resample(width, False)]
        self.main = nn.Sequential(*blocks, *(R3ganBlock(width) for _ in range(BLOCKS)))
        self.basis = nn.Parameter(torch.randn(width, 4, 4) / 4)
        self.last = nn.Linear(width, 1, bias=False)

    def forward(self, x):
        return self.last((self.main(x) * self.basis).sum((2, 3)))[:, 0]


# Losses: of the discriminator from (d, real, fake), of the generator likewise, `told` being pairs of classes where there
# are some.


def gradient_in(scores, x):
    return torch.autograd.grad(scores.sum(), x, create_graph=True)[0].flatten(1)


def wgan_gp(critic, real, fake):
    eps = torch.rand(len(real), 1, 1, 1)
    x = torch.lerp(fake, real, eps).requires_grad_()
    norm = (gradient_in(critic(x), x).square().sum(1) + 1e-12).sqrt()
    return 10 * (norm - 1).square().mean()


def r1(critic, real, _):
    x = real.detach().requires_grad_()
    return 5 * gradient_in(critic(x), x).square().sum(1).mean()


def non_saturating_d(d, real, fake):
    return F.softplus(-d(*real)).mean() + F.softplus(d(*fake)).mean()


def non_saturating_g(d, _, fake):
    return F.softplus(-d(*fake)).mean()


def wasserstein_d(d, real, fake):
    return d(*fake).mean() - d(*real).mean() + wgan_gp(d, *real, *fake)


def minus_mean(d, _, fake):
    return -d(*fake).mean()


def hinge_d(d, real, fake):
    return F.relu(1 - d(*real)).mean() + F.relu(1 + d(*fake)).mean()


def relativistic_d(d, real, fake):
    # Scores and penalties from one pass each, as the authors have it.
    real, fake = (x.detach().requires_grad_() for (x,) in (real, fake))
    on_real, on_fake = d(real), d(fake)
    slopes = sum(gradient_in(scores, x).square().sum(1).mean() for scores, x in ((on_real, real), (on_fake, fake)))
    return F.softplus(on_fake - on_real).mean() + 0.25 * slopes


def relativistic_g(d, real, fake):
    with torch.no_grad():
        on_real = d(*real)
    return F.softplus(on_real - d(*fake)).mean()


class Recipe(NamedTuple):
    side: int
    z_dim: int
    generator: Callable
    discriminator: Callable
    loss_d: Callable
    loss_g: Callable
    # Of the generator and of the discriminator.
    lr: tuple = (2e-4, 2e-4)
    betas: tuple = (0.5, 0.999)
    classes: int = 0
    # Whether the discriminator's spectral vectors stand still in the generator's update.
    spectral: bool = False


RECIPES = {
    "dcgan64": Recipe(64, 100, generator, lambda: discriminator(True), non_saturating_d, non_saturating_g),
    "wgan-gp64": Recipe(
        64, 100, generator, lambda: discriminator(False), wasserstein_d, minus_mean, (1e-4, 1e-4), (0.0, 0.9)
    ),
    "sn-resnet32": Recipe(
        32,
        128,
        lambda: ResidualGenerator(128),
        lambda: ResidualDiscriminator(128),
        hinge_d,
        minus_mean,
        betas=(0.0, 0.9),
        spectral=True,
    ),
    "sagan32": Recipe(
        32,
        128,
        lambda: ResidualGenerator(128, spectral_norm, [1]),
        lambda: ResidualDiscriminator(128, [1]),
        hinge_d,
        minus_mean,
        (1e-4, 4e-4),
        (0.0, 0.9),
        spectral=True,
    ),
    "biggan32": Recipe(
        32,
        120,
        lambda: ResidualGenerator(120, spectral_norm, mode="nearest", shared=128),
        lambda: ResidualDiscriminator(256, classes=CLASSES),
        hinge_d,
        minus_mean,
        betas=(0.0, 0.999),
        classes=CLASSES,
        spectral=True,
    ),
    "r3gan32": Recipe(
        32,
        64,
        lambda: R3ganGenerator(64, 128),
        lambda: R3ganDiscriminator(128),
        relativistic_d,
        relativistic_g,
        betas=(0.0, 0.99),
    ),
}
