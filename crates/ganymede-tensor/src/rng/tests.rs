use super::*;

#[test]
fn a_stream_goes_on_exactly_where_it_stood() {
    let mut whole = Rng::stream(7, "latents");
    let mut parts = Rng::stream(7, "latents");
    // Odd numbers of words: the position lies inside a block of the cipher.
    let first = (parts.standard_normal(), parts.below(10), parts.unit());
    assert_eq!(first, (whole.standard_normal(), whole.below(10), whole.unit()));
    let mut parts = Rng::from_state(&parts.state());
    for _ in 0..1000 {
        assert_eq!(whole.standard_normal().to_bits(), parts.standard_normal().to_bits());
    }
    assert_eq!(whole.state(), parts.state());
}

#[test]
fn streams_and_seeds_differ() {
    let head = |mut r: Rng| (0..4).map(|_| r.unit()).collect::<Vec<_>>();
    let streams = [
        head(Rng::new(0)),
        head(Rng::new(1)),
        head(Rng::stream(0, "a")),
        head(Rng::stream(0, "b")),
        head(Rng::stream(1, "a")),
    ];
    for (i, a) in streams.iter().enumerate() {
        for b in &streams[i + 1..] {
            assert_ne!(a, b);
        }
    }
}

#[test]
fn moments_are_those_of_the_distributions() -> Result<()> {
    let mut rng = Rng::new(3);
    let n = 100_000;
    let z = rng.normal(n, DType::F64, &Device::Cpu)?.to_vec1::<f64>()?;
    let mean = z.iter().sum::<f64>() / n as f64;
    let var = z.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
    assert!(mean.abs() < 0.015 && (var - 1.0).abs() < 0.02, "mean {mean}, variance {var}");
    let u = rng.uniform(-2.0, 4.0, n, DType::F64, &Device::Cpu)?.to_vec1::<f64>()?;
    assert!(u.iter().all(|v| (-2.0..4.0).contains(v)));
    assert!((u.iter().sum::<f64>() / n as f64 - 1.0).abs() < 0.03);
    Ok(())
}

#[test]
fn truncation_bounds_every_draw_and_keeps_the_shape() -> Result<()> {
    for threshold in [0.01, 0.5, 2.0] {
        let z = Rng::new(1).truncated_normal(threshold, (50, 40), DType::F32, &Device::Cpu)?;
        assert_eq!(z.dims(), [50, 40]);
        let top = z.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?;
        assert!(f64::from(top) <= threshold && f64::from(top) > 0.8 * threshold, "{top}");
    }
    assert!(Rng::new(1).truncated_normal(0.0, 3, DType::F32, &Device::Cpu).is_err());
    assert!(Rng::new(1).truncated_normal(f64::NAN, 3, DType::F32, &Device::Cpu).is_err());
    Ok(())
}

#[test]
fn permutations_are_permutations_and_every_place_is_reached() {
    let mut rng = Rng::new(5);
    let mut seen = [[0usize; 5]; 5];
    for _ in 0..5000 {
        let p = rng.permutation(5);
        let mut sorted = p.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4]);
        for (place, value) in p.into_iter().enumerate() {
            seen[place][value] += 1;
        }
    }
    assert!(seen.iter().flatten().all(|&n| (850..1150).contains(&n)), "{seen:?}");
    assert_eq!(rng.permutation(0), Vec::<usize>::new());
}

#[test]
fn labels_stay_below_the_number_of_classes() -> Result<()> {
    let y = Rng::new(0).labels(1000, 10, &Device::Cpu)?.to_vec1::<u32>()?;
    assert_eq!(y.iter().max(), Some(&9));
    assert_eq!(y.iter().min(), Some(&0));
    assert!(Rng::new(0).labels(3, 0, &Device::Cpu).is_err());
    Ok(())
}

#[test]
fn tensors_of_the_same_seed_are_the_same_bits() -> Result<()> {
    let draw = |seed: u64| -> Result<Vec<f32>> {
        let mut rng = Rng::stream(seed, "latents");
        let device = Device::Cpu;
        let parts = [
            rng.normal(50, DType::F32, &device)?,
            rng.uniform(-1.0, 1.0, 50, DType::F32, &device)?,
            rng.truncated_normal(0.5, 50, DType::F32, &device)?,
            rng.labels(50, 9, &device)?.to_dtype(DType::F32)?,
        ];
        Tensor::cat(&parts, 0)?.to_vec1()
    };
    assert_eq!(draw(1)?, draw(1)?);
    assert_ne!(draw(1)?, draw(2)?);
    Ok(())
}
