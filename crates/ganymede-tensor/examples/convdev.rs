#![allow(missing_docs)]
#[global_allocator]
static A: mimalloc::MiMalloc = mimalloc::MiMalloc;
use ganymede_tensor::*;
use std::time::Instant;
fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let filter = args.get(1).cloned().unwrap_or_default();
    let rounds: usize = args.get(2).and_then(|s| s.parse().ok()).unwrap_or(7);
    // n ci co h w kh kw stride ph pw
    let rows: &[(&str, [usize; 10])] = &[
        ("dc1 3-64 k4s2 64", [16, 3, 64, 64, 64, 4, 4, 2, 1, 1]),
        ("dc2 64-128 k4s2 32", [16, 64, 128, 32, 32, 4, 4, 2, 1, 1]),
        ("dc3 128-256 k4s2 16", [16, 128, 256, 16, 16, 4, 4, 2, 1, 1]),
        ("dc4 256-512 k4s2 8", [16, 256, 512, 8, 8, 4, 4, 2, 1, 1]),
        ("dc5 512-1 k4 4", [16, 512, 1, 4, 4, 4, 4, 1, 0, 0]),
        ("dcz 512-100 k4 4", [16, 512, 100, 4, 4, 4, 4, 1, 0, 0]),
        ("sn 128-128 k3 32", [16, 128, 128, 32, 32, 3, 3, 1, 1, 1]),
        ("sn 128-128 k3 16", [16, 128, 128, 16, 16, 3, 3, 1, 1, 1]),
        ("sn 256-256 k3 16", [16, 256, 256, 16, 16, 3, 3, 1, 1, 1]),
        ("sn 256-256 k3 8", [16, 256, 256, 8, 8, 3, 3, 1, 1, 1]),
        ("sn 3-128 k3 32", [16, 3, 128, 32, 32, 3, 3, 1, 1, 1]),
        ("sn 128-3 k3 32", [16, 128, 3, 32, 32, 3, 3, 1, 1, 1]),
        ("sn 128-256 k1 16", [16, 128, 256, 16, 16, 1, 1, 1, 0, 0]),
        ("pg 64-64 k3 64", [8, 64, 64, 64, 64, 3, 3, 1, 1, 1]),
        ("pg 32-32 k3 128", [4, 32, 32, 128, 128, 3, 3, 1, 1, 1]),
        ("pg 512-512 k3 8", [16, 512, 512, 8, 8, 3, 3, 1, 1, 1]),
        ("pg 512-512 k3 4", [16, 512, 512, 4, 4, 3, 3, 1, 1, 1]),
        ("in 3-32 k3s2 299", [8, 3, 32, 299, 299, 3, 3, 2, 0, 0]),
        ("in 32-64 k3 147", [8, 32, 64, 147, 147, 3, 3, 1, 1, 1]),
        ("in 80-192 k3 73", [8, 80, 192, 73, 73, 3, 3, 1, 0, 0]),
        ("in 192-64 k1 35", [8, 192, 64, 35, 35, 1, 1, 1, 0, 0]),
        ("in 48-64 k5 35", [8, 48, 64, 35, 35, 5, 5, 1, 2, 2]),
        ("in 288-384 k3s2 35", [8, 288, 384, 35, 35, 3, 3, 2, 0, 0]),
        ("in 192-192 k1x7 17", [8, 192, 192, 17, 17, 1, 7, 1, 0, 3]),
        ("in 2048-320 k1 8", [8, 2048, 320, 8, 8, 1, 1, 1, 0, 0]),
    ];
    let mut rng = Rng::new(1);
    let mut logs = [0f64; 3];
    for (name, r) in rows.iter().filter(|r| r.0.contains(&filter)) {
        let [n, ci, co, h, w, kh, kw, s, ph, pw] = *r;
        let cfg = ConvConfig { stride: [s, s], padding: [ph, pw], ..Default::default() };
        let x = rng.normal((n, ci, h, w), DType::F32, &Device::Cpu)?;
        let wt = rng.normal((co, ci, kh, kw), DType::F32, &Device::Cpu)?;
        let y = conv2d(&x, &wt, cfg)?;
        let (oh, ow) = (y.dim(2)?, y.dim(3)?);
        let fl = 2.0 * (n * co * oh * ow * ci * kh * kw) as f64;
        let op = [(h + 2 * ph - kh) % s, (w + 2 * pw - kw) % s];

        let mut t = [vec![], vec![], vec![]];
        for _ in 0..rounds {
            let a = Instant::now();
            let _y = conv2d(&x, &wt, cfg)?;
            t[0].push(a.elapsed().as_secs_f64());
            drop(_y);
            let a = Instant::now();
            let _d = conv_transpose2d(&y, &wt, cfg, op)?;
            t[1].push(a.elapsed().as_secs_f64());
            drop(_d);
            let a = Instant::now();
            let _w = conv2d_weight_gradient(&x, &y, [kh, kw], cfg)?;
            t[2].push(a.elapsed().as_secs_f64());
        }
        let med = |v: &mut Vec<f64>| {
            v.sort_by(f64::total_cmp);
            v[v.len() / 2]
        };
        let m: Vec<f64> = t.iter_mut().map(med).collect();
        println!(
            "{name:22} {:.3} {:.3} {:.3} ms | {:.0} {:.0} {:.0} GF",
            m[0] * 1e3,
            m[1] * 1e3,
            m[2] * 1e3,
            fl / m[0] / 1e9,
            fl / m[1] / 1e9,
            fl / m[2] / 1e9
        );
        for i in 0..3 {
            logs[i] += m[i].ln();
        }
    }
    Ok(())
}
