//! `[optimizer.generator]` and `[optimizer.discriminator]`.

use ganymede_tensor::OptimizerConfig;

use super::check::Check;
use super::file::OptimizerFile;

#[derive(Clone, Copy)]
enum Kind {
    Adam,
    RmsProp,
    Sgd,
}

/// Defaults: Adam 2e-4, (0.5, 0.999), as DCGAN; RMSprop 5e-5, as WGAN; SGD 1e-2 without momentum.
pub(super) fn resolve(file: &OptimizerFile, section: &str, check: &mut Check) -> OptimizerConfig {
    let key = |name: &str| format!("{section}.{name}");
    let kinds = [("adam", Kind::Adam), ("rmsprop", Kind::RmsProp), ("sgd", Kind::Sgd)];
    let kind = check.choose(&key("kind"), file.kind.as_deref(), Kind::Adam, &kinds);
    refuse_foreign(file, kind, section, check);
    let weight_decay = check.number(&key("weight_decay"), file.weight_decay, 0.0);
    match kind {
        Kind::Adam => OptimizerConfig::Adam {
            lr: check.number(&key("lr"), file.lr, 2e-4),
            beta1: check.number(&key("beta1"), file.beta1, 0.5),
            beta2: check.number(&key("beta2"), file.beta2, 0.999),
            eps: check.number(&key("eps"), file.eps, 1e-8),
            weight_decay,
        },
        Kind::RmsProp => OptimizerConfig::RmsProp {
            lr: check.number(&key("lr"), file.lr, 5e-5),
            alpha: check.number(&key("alpha"), file.alpha, 0.99),
            eps: check.number(&key("eps"), file.eps, 1e-8),
            momentum: check.number(&key("momentum"), file.momentum, 0.0),
            centered: file.centered.unwrap_or(false),
            weight_decay,
        },
        Kind::Sgd => sgd(file, section, weight_decay, check),
    }
}

fn sgd(file: &OptimizerFile, section: &str, weight_decay: f64, check: &mut Check) -> OptimizerConfig {
    let momentum = check.number(&format!("{section}.momentum"), file.momentum, 0.0);
    let nesterov = file.nesterov.unwrap_or(false);
    if nesterov && momentum == 0.0 {
        check.add(&format!("{section}.nesterov"), "needs a momentum above 0");
    }
    let lr = check.number(&format!("{section}.lr"), file.lr, 1e-2);
    OptimizerConfig::Sgd { lr, momentum, nesterov, weight_decay }
}

fn refuse_foreign(file: &OptimizerFile, kind: Kind, section: &str, check: &mut Check) {
    let (name, adam, rmsprop, sgd) = match kind {
        Kind::Adam => ("adam", true, false, false),
        Kind::RmsProp => ("rmsprop", false, true, false),
        Kind::Sgd => ("sgd", false, false, true),
    };
    let keys = [
        ("beta1", file.beta1.is_some(), adam),
        ("beta2", file.beta2.is_some(), adam),
        ("eps", file.eps.is_some(), adam || rmsprop),
        ("alpha", file.alpha.is_some(), rmsprop),
        ("centered", file.centered.is_some(), rmsprop),
        ("momentum", file.momentum.is_some(), rmsprop || sgd),
        ("nesterov", file.nesterov.is_some(), sgd),
    ];
    for (key, given, applies) in keys {
        let why = format!("`{name}` has no such setting; leave it out");
        check.refuse(&format!("{section}.{key}"), given && !applies, &why);
    }
}

/// The section that resolves to `config`.
pub(super) fn write(config: &OptimizerConfig) -> OptimizerFile {
    let file = OptimizerFile::default();
    match *config {
        OptimizerConfig::Adam { lr, beta1, beta2, eps, weight_decay } => OptimizerFile {
            kind: Some("adam".into()),
            lr: Some(lr),
            beta1: Some(beta1),
            beta2: Some(beta2),
            eps: Some(eps),
            weight_decay: Some(weight_decay),
            ..file
        },
        OptimizerConfig::RmsProp { lr, alpha, eps, momentum, centered, weight_decay } => OptimizerFile {
            kind: Some("rmsprop".into()),
            lr: Some(lr),
            alpha: Some(alpha),
            eps: Some(eps),
            momentum: Some(momentum),
            centered: Some(centered),
            weight_decay: Some(weight_decay),
            ..file
        },
        OptimizerConfig::Sgd { lr, momentum, nesterov, weight_decay } => OptimizerFile {
            kind: Some("sgd".into()),
            lr: Some(lr),
            momentum: Some(momentum),
            nesterov: Some(nesterov),
            weight_decay: Some(weight_decay),
            ..file
        },
    }
}
