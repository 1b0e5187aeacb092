//! What makes a number less believable than it looks.

use crate::ImageReport;

use super::choices::Wanted;
use super::source::{Images, Set};
use super::words::count;

/// Below this many images a Fréchet distance of 2,048 features is dominated by its bias, which grows with their number.
const USUAL: u64 = 10_000;
const INCEPTION: u64 = 2048;

/// Everything that somebody should know about the two sets.
pub(crate) fn of(real: &Set, fake: &Set, wanted: &Wanted) -> Vec<String> {
    let mut all = Vec::new();
    if wanted.has("fid") || wanted.has("sfid") {
        all.extend(few("real", real));
        all.extend(few("generated", fake));
    }
    for (what, set) in [("real", real), ("generated", fake)] {
        all.extend(set.images.iter().flat_map(|images| of_one(what, images)));
        if set.foreign.is_some() {
            all.push(format!(
                "{} does not say which network, resizing and images it is of: make sure that they fit",
                set.path.display()
            ));
        }
    }
    if let (Some(real), Some(fake)) = (&real.images, &fake.images) {
        all.extend(of_both(&real.report, &fake.report));
        all.extend(swapped(real.folder.dir(), fake.folder.dir()));
    }
    all
}

fn few(what: &str, set: &Set) -> Option<String> {
    // Of how many images foreign statistics are nobody knows.
    if set.foreign.is_some() {
        return None;
    }
    let (n, width) = (set.count?, set.width()? as u64);
    if n <= width {
        return Some(format!(
            "{n} {what} images are no more than the {width} features of each: their covariance lacks directions, and a \
             Fréchet distance (FID) is far too large and says little. KID is made for this"
        ));
    }
    let usual = if width == INCEPTION { " (10,000 or 50,000 are usual)" } else { "" };
    (n < USUAL * width / INCEPTION).then(|| {
        format!(
            "{n} {what} images: FID grows as images get fewer; compare only with numbers of as many{usual}"
        )
    })
}

pub(crate) fn of_one(what: &str, images: &Images) -> Vec<String> {
    let report = &images.report;
    let mut all = Vec::new();
    if let Some(first) = images.folder.left_out().first() {
        let n = count(images.folder.left_out().len(), &format!("{what} image"));
        all.push(format!("{n} left out, as {}: the first is {}", first.reason, first.path.display()));
    }
    if let Some(first) = report.skipped.first() {
        let n = count(report.skipped.len(), "file");
        all.push(format!(
            "{n} of the {what} images could not be used; the first is {}: {}",
            first.path.display(),
            first.reason
        ));
    }
    if let (Some((a, _)), Some((b, _))) = (report.sizes.first_key_value(), report.sizes.last_key_value())
        && a != b
    {
        let n = report.sizes.len();
        all.push(format!("{what} images are of {n} sizes, such as {}×{} and {}×{}", a.0, a.1, b.0, b.1));
    }
    if report.grey > 0 && report.grey < report.images {
        all.push(format!(
            "{} of {} {what} images are grey, the others in colour",
            report.grey, report.images
        ));
    }
    if report.transparent > 0 {
        let n = count(report.transparent, &format!("{what} image"));
        all.push(format!("{n} with transparency: it is left out, as PIL does, and hidden colours show"));
    }
    if report.deep > 0 {
        let n = count(report.deep, &format!("{what} image"));
        all.push(format!("{n} with 16 bits a channel: as PIL, grey ones are cut off at 255 and not scaled"));
    }
    if let Some(first) = report.duplicates.first() {
        all.push(format!(
            "{} of {} {what} images are copies of others, such as {} of {}",
            report.duplicates.len(),
            report.images,
            first.path.display(),
            first.same_as.display()
        ));
    }
    all
}

fn of_both(real: &ImageReport, fake: &ImageReport) -> Vec<String> {
    let mut all = Vec::new();
    let shared = real.shared_with(fake);
    let different = fake.images - fake.duplicates.len();
    if shared > 0 && shared == different && shared == real.images - real.duplicates.len() {
        all.push(
            "both folders hold the same images: one of them is the wrong one, unless this is a test".into(),
        );
    } else if shared > 0 {
        all.push(format!("{} of the real folder are also among the generated ones", count(shared, "image")));
    }
    let common = |report: &ImageReport| report.sizes.iter().max_by_key(|(_, n)| **n).map(|(size, _)| *size);
    if let (Some(a), Some(b)) = (common(real), common(fake))
        && a != b
    {
        all.push(format!(
            "real images are of {}×{} and generated ones of {}×{}: resizing alone makes them differ",
            a.0, a.1, b.0, b.1
        ));
    }
    let grey = |report: &ImageReport| report.grey == report.images;
    if grey(real) != grey(fake) {
        let (one, other) = if grey(real) { ("real", "generated") } else { ("generated", "real") };
        all.push(format!("{one} images are grey and {other} ones in colour"));
    }
    let lossy = |report: &ImageReport| report.formats.keys().any(|format| format == "JPEG");
    if lossy(real) != lossy(fake) {
        let (one, other) = if lossy(real) { ("real", "generated") } else { ("generated", "real") };
        all.push(format!(
            "{one} images are JPEG and {other} ones are not: compression alone moves FID by whole points"
        ));
    }
    all
}

/// Folders whose names say the opposite.
fn swapped(real: &std::path::Path, fake: &std::path::Path) -> Option<String> {
    let name = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (real, fake) = (name(real), name(fake));
    let looks = |name: &str, words: &[&str]| words.iter().any(|word| name.contains(word));
    let made = ["fake", "generated", "sample", "synth"];
    let found = ["real", "train", "data", "original"];
    let wrong = looks(&real, &made) && !looks(&real, &found) && !looks(&fake, &made);
    wrong.then(|| {
        format!(
            "--real is `{real}` and --fake is `{fake}`: are they swapped? Precision and recall would be, too"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn only_names_that_contradict_their_place_look_swapped() {
        let ask = |real: &str, fake: &str| swapped(Path::new(real), Path::new(fake)).is_some();
        assert!(ask("a/generated", "a/photos"));
        assert!(ask("samples-10k", "data/train"));
        assert!(!ask("photos", "samples"));
        assert!(!ask("samples-a", "samples-b"));
        assert!(!ask("real-samples", "out"));
    }
}
