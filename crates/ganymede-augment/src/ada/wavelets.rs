//! Low-pass filters of orthogonal wavelets (Daubechies, 1992, table 8.3, "least asymmetric").

/// Twelve taps: the filter of geometric changes.
pub(super) const SYM6: [f64; 12] = [
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
];

/// Four taps: the filter that the bands of frequencies are made of.
pub(super) const SYM2: [f64; 4] =
    [-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025];
