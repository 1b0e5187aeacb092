//! Measures that need no network.

use ndarray::{Array2, ArrayView4, s};
use serde_json::{Value, json};

use super::comparison::{Comparison, DrawnImages, Need, absent};
use super::measure::{Least, Measure, at_no_pairs};
use super::pixels::{size, some_of};
use super::taken::{Taken, ValueKind};
use crate::ndb::LEAST_ROWS;
use crate::{
    BirthdaySupport, Images, MetricError, Ndb, Result, frechet_wavelet_distance, ndb, wavelet_level,
};

/// Images of a set that are looked at, at most.
const IMAGES: usize = 10_000;

pub(super) static NDB: Measure = Measure {
    name: "ndb",
    aliases: &[],
    summary: "share of bins of real samples with too few or too many generated ones (NDB/K), and which. Lower.",
    paper: "Richardson and Weiss, 2018, arXiv:1805.12462",
    values: &[ValueKind::lower("ndb"), ValueKind::lower("js")],
    needs: &[Need::ImagesOrRows],
    least: |_| Least::new(LEAST_ROWS, 1, "a bin should have 20 real samples, and one bin says nothing"),
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: bins,
};

/// The share of real samples that twins are as near to each other as.
const TWINS: f64 = 0.01;

pub(super) static BIRTHDAY: Measure = Measure {
    name: "birthday",
    aliases: &[],
    summary: "how many different images there are, by how many have a twin (birthday paradox). Higher.",
    paper: "Arora, Risteski and Zhang, 2018, arXiv:1706.08224",
    values: &[ValueKind::higher("support"), ValueKind::lower("twins")],
    needs: &[Need::RealRows, Need::GeneratedRows],
    least: |_| Least::new(2, 2, "it looks for each sample's nearest other"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| BirthdaySupport::LOOKS.to_vec(),
    compute: |of| {
        let found = BirthdaySupport::of(&*of.look(&BirthdaySupport::LOOKS)?, TWINS)?;
        let [support, twins] = [0, 1].map(|i| &BIRTHDAY.values[i]);
        let share = found.twins as f64 / found.samples as f64;
        Ok(Taken::default()
            .value(
                support,
                "Support: about so many different images (infinite: no sign of an end)",
                found.support,
            )
            .value(twins, "  share of generated images with a twin; 0.01 of real ones have", share)
            .detail("threshold", found.threshold))
    },
};

pub(super) static FWD: Measure = Measure {
    name: "fwd",
    aliases: &[],
    summary: "Fréchet wavelet distance: no network, any kind of image; compare equal levels only. Lower.",
    paper: "Veeramacheneni et al., 2025, arXiv:2312.15289",
    values: &[ValueKind::lower("fwd")],
    needs: &[Need::GeneratedImages, Need::RealImages],
    least: |_| Least::new(2, 2, "one sample has no covariance"),
    has_covariance: true,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: wavelets,
};

/// Of pixels where there are images, as published, and else of features.
fn bins(of: &Comparison<'_>) -> Result<Taken> {
    if let (Some(_), Some(_)) = (of.real.images, of.generated.images) {
        let [real, generated] = draw_both(of)?;
        let words = format!("pixels of {}", some_of(generated.images.dim().0, generated.of));
        let found = ndb(&flat(real.images.view()), &flat(generated.images.view()), of.seed)?;
        let (reals, fakes) = (real.images.dim().0 as u64, generated.images.dim().0 as u64);
        return Ok(told(found, &words)
            .detail("drawn_from", json!({ "real": real.of, "generated": generated.of }))
            .of_pixels(Some(reals), Some(fakes)));
    }
    let sets = of.rows()?;
    Ok(told(ndb(sets.real, sets.generated, of.seed)?, &format!("features of {}", of.extractor)))
}

fn told(found: Ndb, of_what: &str) -> Taken {
    let [share, js] = [0, 1].map(|i| &NDB.values[i]);
    let k = found.bins.len();
    let different: Vec<Value> = (0..k)
        .filter(|bin| found.bins[*bin].differs)
        .map(|at| {
            let bin = found.bins[at];
            let is = if bin.z > 0.0 { "missing" } else { "swollen" };
            json!({ "bin": at, "is": is, "real": bin.real, "generated": bin.generated, "z": bin.z })
        })
        .collect();
    let label = format!("Different bins (NDB/K, K = {k}) of {of_what}; 0.05 by chance");
    let mut taken = Taken::default().value(share, label, found.share).value(
        js,
        "  Jensen–Shannon divergence of the bins, in nats",
        found.js,
    );
    let empty = found.bins.iter().filter(|bin| bin.generated == 0.0).count();
    if empty > 0 {
        taken = taken.line("  bins without any generated sample", empty as f64, None, "");
    }
    taken.detail("different", different).detail("k", k)
}

fn wavelets(of: &Comparison<'_>) -> Result<Taken> {
    let [real, generated] = draw_both(of)?;
    let level = wavelet_level(generated.images.dim().2.min(generated.images.dim().3));
    let images = Images { real: real.images.view(), generated: generated.images.view() };
    let found = frechet_wavelet_distance(images, level)?;
    let words = some_of(generated.images.dim().0, generated.of);
    let label = format!("Fréchet wavelet distance (FWD) at level {level} of {words}");
    Ok(Taken::default()
        .value(&FWD.values[0], label, found.distance)
        .detail("level", level)
        .detail("bands", found.bands)
        .detail("drawn_from", json!({ "real": real.of, "generated": generated.of }))
        .variant(format!("level{level}"))
        .of_pixels(Some(real.images.dim().0 as u64), Some(generated.images.dim().0 as u64)))
}

/// Real and generated images, at the size of the generated ones.
fn draw_both(of: &Comparison<'_>) -> Result<[DrawnImages; 2]> {
    let generated = of.generated.images.ok_or_else(|| absent(Need::GeneratedImages))?;
    let real = of.real.images.ok_or_else(|| absent(Need::RealImages))?;
    let size = size(generated)?;
    let drawn = [real.draw(size, IMAGES, of.seed)?, generated.draw(size, IMAGES, of.seed)?];
    let [real, generated] = &drawn;
    if real.images.dim().1 != generated.images.dim().1 {
        return Err(MetricError::Unfit("one set is grey and the other in colour".into()));
    }
    Ok(drawn)
}

/// One row an image.
fn flat(images: ArrayView4<'_, f32>) -> Array2<f32> {
    let (n, c, h, w) = images.dim();
    let rows = images.slice(s![.., .., .., ..]).to_owned().into_shape_with_order((n, c * h * w));
    rows.expect("as many numbers as before")
}
