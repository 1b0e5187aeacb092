#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn names_round_trip() {
    for text in ["auto", "cpu", "cuda:0", "cuda:7", "metal"] {
        assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
    }
    assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(0));
    for text in ["", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "metal:0"] {
        let error = text.parse::<DeviceChoice>().unwrap_err().to_string();
        assert!(error.contains(&format!("`{text}`")) && error.contains("cuda:N"), "{error}");
    }
}

#[test]
fn serde_uses_the_names() {
    let json = serde_json::to_string(&[DeviceChoice::Auto, DeviceChoice::Cuda(2)]).unwrap();
    assert_eq!(json, r#"["auto","cuda:2"]"#);
    let back: Vec<DeviceChoice> = serde_json::from_str(&json).unwrap();
    assert_eq!(back, [DeviceChoice::Auto, DeviceChoice::Cuda(2)]);
    let error = serde_json::from_str::<DeviceChoice>(r#""gpu""#).unwrap_err().to_string();
    assert!(error.contains("unknown device `gpu`"), "{error}");
}

#[test]
fn auto_and_cpu_open() {
    DeviceChoice::Auto.open().unwrap();
    assert!(DeviceChoice::Cpu.open().unwrap().is_cpu());
}

#[test]
#[cfg(not(any(feature = "cuda", feature = "metal")))]
fn missing_backends_say_how_to_get_them() {
    assert_eq!(compiled_backends()[0], "cpu");
    let error = DeviceChoice::Cuda(1).open().unwrap_err().to_string();
    assert!(error.contains("`cuda:1`") && error.contains("--features cuda"), "{error}");
    let error = DeviceChoice::Metal.open().unwrap_err().to_string();
    assert!(error.contains("--features metal") && error.contains("cpu"), "{error}");
    assert!(DeviceChoice::Auto.open().unwrap().is_cpu());
}

#[test]
fn simd_is_listed_once_each() {
    let mut found = simd_features();
    let len = found.len();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), len);
    #[cfg(target_arch = "aarch64")]
    assert!(found.contains(&"neon"));
}
