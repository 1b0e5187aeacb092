"""The networks of `ganymede bench step` on the other side, each as its paper has it, and how a recipe trains them.

The program puts this file before bench.py and gives both to Python as one text.
"""

import json
import math
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


# PGGAN (Karras et al., 2018, table 2) at its whole size of 64 pixels, and StyleGAN2 (Karras et al., 2020): an equalised
# learning rate in all layers.


class Equal(nn.Module):
    """A convolution or, with a kernel of 0, a linear layer."""

    def __init__(self, before, after, kernel=0, gain=1.0, bias=0.0, rate=1.0):
        super().__init__()
        shape = (after, before, kernel, kernel) if kernel else (after, before)
        self.weight = nn.Parameter(torch.randn(shape) / rate)
        self.bias = nn.Parameter(torch.full((after,), bias / rate))
        self.scale, self.rate = gain * rate / math.prod(shape[1:]) ** 0.5, rate

    def forward(self, x):
        weight, bias = self.weight * self.scale, self.bias * self.rate
        return F.conv2d(x, weight, bias, 1, weight.shape[-1] // 2) if weight.ndim == 4 else F.linear(x, weight, bias)


def pixel_norm(x):
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def with_deviation(x, group=4):
    n, c, h, w = x.shape
    apart = x.reshape(min(group, n), -1, c, h, w)
    deviation = (apart.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3), keepdim=True)
    return torch.cat([x, deviation.repeat(apart.shape[0], 1, h, w)], 1)


def widths_at(sides, base, most):
    return [min(base // side, most) for side in sides]


class PgganGenerator(nn.Module):
    def __init__(self, z_dim, base, most):
        super().__init__()
        gain, widths = 2**0.5, widths_at((4, 8, 16, 32, 64), base, most)
        self.first, self.second = Equal(z_dim, widths[0] * 16, gain=gain), Equal(widths[0], widths[0], 3, gain)
        pairs = zip(widths, widths[1:])
        self.blocks = nn.ModuleList([nn.ModuleList([Equal(a, b, 3, gain), Equal(b, b, 3, gain)]) for a, b in pairs])
        self.last = Equal(widths[-1], 3, 1)
        # Those of the smaller stages, which a grown network has no use for.
        self.others = nn.ModuleList([Equal(width, 3, 1) for width in widths[:-1]])

    def forward(self, z):
        act = lambda x: pixel_norm(F.leaky_relu(x, 0.2))
        x = act(self.first(pixel_norm(z)).unflatten(1, (-1, 4, 4)))
        x = act(self.second(x))
        for one, two in self.blocks:
            x = act(two(act(one(F.interpolate(x, scale_factor=2)))))
        return self.last(x)


class PgganDiscriminator(nn.Module):
    def __init__(self, base, most):
        super().__init__()
        gain, widths = 2**0.5, widths_at((64, 32, 16, 8, 4), base, most)
        self.first = Equal(3, widths[0], 1, gain)
        pairs = zip(widths, widths[1:])
        self.blocks = nn.ModuleList([nn.ModuleList([Equal(a, a, 3, gain), Equal(a, b, 3, gain)]) for a, b in pairs])
        self.conv = Equal(widths[-1] + 1, widths[-1], 3, gain)
        self.dense, self.last = Equal(widths[-1] * 16, widths[-1], gain=gain), Equal(widths[-1], 1)
        self.others = nn.ModuleList([Equal(3, width, 1, gain) for width in widths[1:]])

    def forward(self, x):
        act = lambda x: F.leaky_relu(x, 0.2)
        x = act(self.first(x))
        for one, two in self.blocks:
            x = F.avg_pool2d(act(two(act(one(x)))), 2)
        return self.last(act(self.dense(act(self.conv(with_deviation(x))).flatten(1))))[:, 0]


def blurred(x, padding, gain=1.0):
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    return filtered(x, taps, padding, gain)


def filtered(x, taps, padding, gain=1.0, stride=1):
    # A filter in each axis, every channel by itself.
    channels = x.shape[1]
    x = F.pad(x, padding)
    x = F.conv2d(x, (taps * gain).view(1, 1, 1, -1).expand(channels, 1, 1, -1), stride=(1, stride), groups=channels)
    return F.conv2d(x, taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1), stride=(stride, 1), groups=channels)


def spread(x, factor=2):
    n, c, h, w = x.shape
    x = F.pad(x.view(n, c, h, 1, w, 1), (0, factor - 1, 0, 0, 0, factor - 1))
    return x.reshape(n, c, h * factor, w * factor)


def scaled_relu(x):
    return F.leaky_relu(x, 0.2) * 2**0.5


class Modulated(nn.Module):
    def __init__(self, before, after, kernel, w_dim, up=False):
        super().__init__()
        self.affine = Equal(w_dim, before, bias=1.0)
        self.weight, self.bias = nn.Parameter(torch.randn(after, before, kernel, kernel)), nn.Parameter(torch.zeros(after))
        self.up, self.is_colour = up, kernel == 1
        if not self.is_colour:
            self.noise_strength = nn.Parameter(torch.zeros(()))

    def forward(self, x, w):
        n, (after, before, kernel, _) = len(x), self.weight.shape
        styles = self.affine(w)
        if self.is_colour:
            styles = styles / before**0.5
        weight = self.weight * styles.view(n, 1, before, 1, 1)
        if not self.is_colour:
            weight = weight * (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        x = x.reshape(1, n * before, *x.shape[2:])
        if self.up:
            weight = weight.transpose(1, 2).reshape(n * before, after, kernel, kernel)
            x = F.conv_transpose2d(x, weight, stride=2, groups=n)
            x = blurred(x.view(n, after, *x.shape[2:]), (1, 1, 1, 1), 4.0)
        else:
            x = F.conv2d(x, weight.flatten(0, 1), padding=kernel // 2, groups=n).unflatten(1, (n, after))[0]
        if self.is_colour:
            return x + self.bias.view(-1, 1, 1)
        noise = torch.randn(n, 1, *x.shape[2:]) * self.noise_strength
        return scaled_relu(x + noise + self.bias.view(-1, 1, 1))


class StyleganGenerator(nn.Module):
    def __init__(self, z_dim, base, most):
        super().__init__()
        widths = widths_at((4, 8, 16, 32, 64), base, most)
        self.mapping = nn.ModuleList([Equal(z_dim, z_dim, rate=0.01) for _ in range(2)])
        self.const = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.first = Modulated(widths[0], widths[0], 3, z_dim)
        pairs = zip(widths, widths[1:])
        block = lambda a, b: nn.ModuleList([Modulated(a, b, 3, z_dim, True), Modulated(b, b, 3, z_dim)])
        self.blocks = nn.ModuleList([block(a, b) for a, b in pairs])
        self.colours = nn.ModuleList([Modulated(width, 3, 1, z_dim) for width in widths])

    def forward(self, z):
        w = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            w = scaled_relu(layer(w))
        x = self.first(self.const.expand(len(z), -1, -1, -1), w)
        image = self.colours[0](x, w)
        for (one, two), colour in zip(self.blocks, self.colours[1:]):
            x = two(one(x, w), w)
            image = blurred(spread(image), (2, 1, 2, 1), 4.0) + colour(x, w)
        return image


class StyleganDiscriminator(nn.Module):
    def __init__(self, base, most):
        super().__init__()
        widths = widths_at((64, 32, 16, 8, 4), base, most)
        self.first = Equal(3, widths[0], 1)
        block = lambda a, b: nn.ModuleList([Equal(a, a, 3), Equal(a, b, 3), Equal(a, b, 1)])
        self.blocks = nn.ModuleList([block(a, b) for a, b in zip(widths, widths[1:])])
        for block in self.blocks:
            del block[2].bias
        self.conv = Equal(widths[-1] + 1, widths[-1], 3)
        self.dense, self.last = Equal(widths[-1] * 16, widths[-1]), Equal(widths[-1], 1)

    def forward(self, x):
        x = scaled_relu(self.first(x))
        for one, two, skip in self.blocks:
            short = F.conv2d(blurred(x, (1, 1, 1, 1))[:, :, ::2, ::2], skip.weight * skip.scale)
            x = scaled_relu(one(x))
            x = F.conv2d(blurred(x, (2, 2, 2, 2)), two.weight * two.scale, two.bias, stride=2)
            x = (scaled_relu(x) + short) * 0.5**0.5
        x = scaled_relu(self.conv(with_deviation(x)))
        return self.last(scaled_relu(self.dense(x.flatten(1))))[:, 0]


# ADA (Karras et al., 2020, appendix B): blitting, geometry and colour, each change with probability p. Matrices act on
# columns, (x, y, 1) and (r, g, b, 1).

# Daubechies, 1992, table 8.3.
SYM6 = [0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466]
SYM6 += [0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578]
SYM6 += [0.0017677118642428036, -0.007800708325034148]
REACH = len(SYM6) // 4
LUMA = torch.tensor([1.0, 1.0, 1.0, 0.0]) / 3**0.5


def scales(x, y):
    return torch.stack([x, y, torch.ones_like(x)], 1).diag_embed()


def shifts(x, y):
    return torch.eye(3) + F.pad(torch.stack([x, y], 1)[:, :, None], (2, 0, 0, 1))


def turns(angle):
    cos, sin = angle.cos(), angle.sin()
    turn = torch.stack([cos, -sin, sin, cos], 1).view(-1, 2, 2)
    return F.pad(turn, (0, 1, 0, 1)) + torch.diag(torch.tensor([0.0, 0.0, 1.0]))


def about_luma(along, across):
    line = torch.outer(LUMA, LUMA)
    last = torch.diag(torch.tensor([0.0, 0.0, 0.0, 1.0]))
    rest = torch.eye(4) - line - last
    return along[:, None, None] * line + across[:, None, None] * rest + last


def hues(angle):
    cross = torch.zeros(4, 4)
    cross[:3, :3] = torch.linalg.cross(torch.eye(3), LUMA[:3].expand(3, 3), dim=1)
    cos, one = angle.cos(), torch.ones_like(angle)
    return about_luma(one, cos) + angle.sin()[:, None, None] * cross


def resampled(x, doubles, padding):
    """Doubling or halving of both sides through the filter, an axis at a time."""
    taps = torch.tensor(SYM6)
    taps = taps / taps.sum() * (2 if doubles else 1)
    work = F.conv_transpose2d if doubles else F.conv2d
    for shape, stride, pad in (((1, 1, -1, 1), (2, 1), (padding, 0)), ((1, 1, 1, -1), (1, 2), (0, padding))):
        kernel = taps.view(shape).expand(x.shape[1], *[-1] * 3)
        x = work(x, kernel, stride=stride, padding=pad, groups=x.shape[1])
    return x


class Ada(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p, self.p_turn = p, 1 - (1 - p) ** 0.5

    def inverses(self, n, side):
        def some(values, nothing, p=self.p):
            return torch.where(torch.rand(n) < p, values, torch.full((n,), float(nothing)))

        def shift(values):
            return [some(-side * values(), 0) for _ in range(2)]

        flip = some(torch.randint(2, (n,)) * 2.0 - 1, 1)
        grow, stretch = (some(torch.exp2(-0.2 * torch.randn(n)), 1) for _ in range(2))
        one, angle = torch.ones(n), lambda: (torch.rand(n) * 2 - 1) * math.pi
        steps = [
            scales(flip, one),
            turns(some(torch.randint(4, (n,)) * (math.pi / 2), 0)),
            shifts(*(x.round() for x in shift(lambda: (torch.rand(n) * 2 - 1) * 0.125))),
            scales(grow, grow),
            turns(some(angle(), 0, self.p_turn)),
            scales(stretch, 1 / stretch),
            turns(some(angle(), 0, self.p_turn)),
            shifts(*shift(lambda: torch.randn(n) * 0.125)),
        ]
        colours = [
            about_luma(one, some(torch.exp2(torch.randn(n)), 1)),
            hues(some(angle(), 0)),
            about_luma(some(torch.randint(2, (n,)) * -2.0 + 1, 1), one),
        ]
        contrast = some(torch.exp2(0.5 * torch.randn(n)), 1)
        bright = some(0.2 * torch.randn(n), 0)[:, None, None]
        colours += [about_luma(contrast, contrast), torch.eye(4) + bright * F.pad(torch.ones(3, 1), (3, 0, 0, 1))]
        return self.product(steps), self.product(colours)

    @staticmethod
    def product(steps):
        total = steps[0]
        for step in steps[1:]:
            total = total @ step
        return total

    def forward(self, x):
        n, side = len(x), x.shape[2]
        moves, colours = self.inverses(n, side)
        half = (side - 1) / 2
        corners = moves[:, :2] @ torch.tensor([[-half, half, half, -half], [-half, -half, half, half], [1.0] * 4])
        far = torch.stack([-corners, corners], 0).amax((1, 3))
        margins = (far + 2 * REACH - half).clamp(0, side - 1).ceil().int().tolist()
        (left, top), (right, bottom) = margins
        large = resampled(F.pad(x, (left, right, top, bottom), mode="reflect"), True, 2 * REACH - 1)
        goal = 2 * (side + 2 * REACH)
        fixed = lambda x, y: torch.tensor([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]])
        slid = lambda x, y: torch.tensor([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
        before = fixed(2 / large.shape[3], 2 / large.shape[2]) @ slid(-0.5, -0.5) @ fixed(2.0, 2.0)
        before = before @ slid((left - right) / 2, (top - bottom) / 2)
        after = fixed(0.5, 0.5) @ slid(0.5, 0.5) @ fixed(goal / 2, goal / 2)
        grid = F.affine_grid((before @ moves @ after)[:, :2], [n, x.shape[1], goal, goal], align_corners=False)
        moved = F.grid_sample(large, grid, align_corners=False)
        x = resampled(moved[:, :, 1:-1, 1:-1], False, 0)
        return (colours[:, :3, :3] @ x.flatten(2) + colours[:, :3, 3:]).view_as(x)


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


def drifting_d(d, real, fake):
    on_real = d(*real)
    return d(*fake).mean() - on_real.mean() + wgan_gp(d, *real, *fake) + 1e-3 * on_real.square().mean()


def with_r1_d(d, real, fake):
    return non_saturating_d(d, real, fake) + r1(d, *real, None)


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
    "ada64": Recipe(
        64,
        100,
        generator,
        lambda: nn.Sequential(Ada(0.5), *discriminator(True)),
        non_saturating_d,
        non_saturating_g,
    ),
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
    "pggan64": Recipe(
        64,
        512,
        lambda: PgganGenerator(512, 4096, 128),
        lambda: PgganDiscriminator(4096, 128),
        drifting_d,
        minus_mean,
        (1e-3, 1e-3),
        (0.0, 0.99),
    ),
    "stylegan2-64": Recipe(
        64,
        256,
        lambda: StyleganGenerator(256, 4096, 128),
        lambda: StyleganDiscriminator(4096, 128),
        with_r1_d,
        non_saturating_g,
        (2.5e-3, 2.5e-3),
        (0.0, 0.99),
    ),
}
