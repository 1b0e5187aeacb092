//! Names on the command line and in results: scripts hold on to them.

use serde_json::Value;

use crate::program::{call, expect, json, measure, pictures, text};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn results_keep_their_keys_and_lines() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 40, 60.0);
    let fake = pictures(dir.path(), "made", 2, 40, 70.0);
    let output = measure(dir.path(), &real, &fake, &["--metrics", "all", "--json", "-"]);
    let left_out = [
        "not measured: sfid: it needs folders or adm's .npz, and an extractor with spatial features",
        "not measured: copying: it needs 64 generated samples, there are 40",
        "not measured: cas: it needs classes: two folders of images whose subfolders have the names of the classes",
    ];
    expect(&output, 0, &left_out);
    let value = json(&output);
    let wanted = [
        ("fid", "value mean_term cov_term"),
        ("fid-infinity", "value slope r_squared points"),
        ("kid", "value std subsets subset_size"),
        ("is", "value std splits"),
        ("modes", "modes modes-kl classes kl_by_sampling_alone"),
        ("prdc", "precision recall density coverage k"),
        ("pr", "precision recall k test distances"),
        ("clipped", "density coverage density_uncapped density_raw coverage_raw k"),
        ("pp-pr", "precision recall k a"),
        ("symmetric-pr", "precision recall complement_precision k"),
        ("cover-pr", "precision recall k c"),
        ("alpha-beta", "alpha_precision beta_recall authenticity embedding"),
        ("realism", "value share_at_least_1 copies k"),
        ("rarity", "value inside share_inside k"),
        ("mind", "value directions"),
        ("asw", "value"),
        ("kid-rbf", "value std sigma subsets subset_size"),
        ("cmmd", "value sigma"),
        ("memorisation", "authentic_percent memorised"),
        ("authenticity", "value"),
        ("fld", "fld generalisation_gap train baseline split"),
        ("vendi", "value orders"),
        ("rke", "value sigma real"),
        ("ndb", "ndb js different k drawn_from"),
        ("fwd", "value level bands drawn_from"),
        ("birthday", "support twins threshold"),
        ("ms-ssim", "value std pairs real seed images drawn_from"),
        ("swd", "value levels images seed drawn_from"),
    ];
    assert_eq!(keys(&value["results"]), wanted.map(|(name, _)| name));
    for (name, wanted) in wanted {
        let wanted = format!("name {wanted} provenance");
        assert_eq!(keys(&value["results"][name]), wanted.split(' ').collect::<Vec<_>>(), "{name}");
    }
    let shown = String::from_utf8(output.stdout).unwrap();
    let labels: Vec<&str> = shown
        .lines()
        .skip_while(|line| !line.is_empty())
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.trim_start().split("  ").next().unwrap())
        .collect();
    let wanted = [
        "Fréchet distance (FID by fashion-cnn)",
        "Fréchet distance (FID, infinitely many images by fashion-cnn)",
        "Kernel distance (KID) × 1,000",
        "Class score (IS by fashion-cnn)",
        "Modes: classes of 10 that are covered (by fashion-cnn)",
        "KL of their shares to equal ones",
        "Precision (k = 5): share of generated images that look real",
        "Recall (k = 5): share of real images that are reached",
        "Density (k = 5)",
        "Coverage (k = 5)",
        "Improved precision (k = 3)",
        "Improved recall (k = 3)",
        "Clipped density (k = 5): share of good samples",
        "Clipped coverage (k = 5): how much of the real set they cover",
        "Probabilistic precision (k = 4, a = 1.2)",
        "Probabilistic recall (k = 4, a = 1.2)",
        "Symmetric precision (k = 5)",
        "Symmetric recall (k = 5)",
        "Precision cover (k = 3, C = 3)",
        "Recall cover (k = 3, C = 3)",
        "Integrated alpha-precision, no embedding",
        "Integrated beta-recall, no embedding",
        "Realism (k = 5), mean over generated samples",
        "Rarity (k = 3), mean over samples on the manifold",
        "Sliced distance (MIND by fashion-cnn)",
        "Sliced Wasserstein distance, closed form (ASW)",
        "Kernel distance, Gaussian of width 10 (KID) × 1,000",
        "CMMD × 1,000 (by fashion-cnn)",
        "Authentic (AuthPct), % of generated images",
        "Memorised, % of generated images",
        "Authentic (AuthPct), % of generated images",
        "Feature likelihood divergence (FLD)",
        "Generalisation gap of FLD: below 0 where the set was learnt by heart",
        "Vendi score: effective number of different generated images",
        "Modes of generated images (RKE, width 20)",
        "of real images",
        "Different bins (NDB/K, K = 2) of pixels of 40 images; 0.05 by chance",
        "Jensen–Shannon divergence of the bins, in nats",
        "Fréchet wavelet distance (FWD) at level 1 of 40 images",
        "Support: about so many different images (infinite: no sign of an end)",
        "share of generated images with a twin; 0.01 of real ones have",
        "Likeness of generated images (MS-SSIM of 10000 pairs of 40 images)",
        "Likeness of real images (MS-SSIM of 10000 pairs of 40 images)",
        "Sliced Wasserstein distance (SWD) × 1,000 of 40 images and 40 images, mean of:",
        "at 28 px",
    ];
    assert_eq!(labels, wanted);
}

#[test]
fn names_of_the_other_program_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 20, 60.0);
    let fake = pictures(dir.path(), "made", 2, 20, 65.0);
    let run = |names: &str| {
        let output = measure(dir.path(), &real, &fake, &["--metrics", names, "--json", "-"]);
        expect(&output, 0, &[]);
        json(&output)["results"].clone()
    };
    let (theirs, ours) = (run("precision-recall,density-coverage"), run("pr,prdc"));
    assert_eq!(keys(&theirs), ["density-coverage", "pr"]);
    assert_eq!(theirs["pr"], ours["pr"]);
    for key in ["density", "coverage"] {
        assert!(theirs["density-coverage"][key].is_f64());
        assert_eq!(theirs["density-coverage"][key], ours["prdc"][key]);
    }
}

#[test]
fn help_lists_what_two_folders_can_have_and_refuses_the_rest_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let help = String::from_utf8(call(dir.path(), &["--help"]).stdout).unwrap();
    for name in "fid fid-infinity sfid kid is prdc pr mind memorisation vendi ms-ssim swd".split(' ') {
        assert!(
            help.contains(&format!("\n          - {name}\n")) && help.contains(&format!("\n  {name} ")),
            "{name}"
        );
    }
    assert!(help.contains("- all:          All of the above"));
    assert!(!help.contains("class-agreement") && !help.contains("density-coverage"));
    let folder = pictures(dir.path(), "photos", 1, 3, 60.0);
    let refused = measure(dir.path(), &folder, &folder, &["--metrics", "fid,class-agreement"]);
    expect(&refused, 2, &["`class-agreement` needs the class that was asked for of each generated image"]);
    assert!(!dir.path().join("cache").exists());
    let args = ["--real", text(&folder), "--fake", text(&folder), "--extractor", "dinov2"];
    let words = ["did you mean `dinov2-s`?", "inception2015 (also -64, -192, -768 for earlier layers)"];
    expect(&call(dir.path(), &args), 2, &words);
}
