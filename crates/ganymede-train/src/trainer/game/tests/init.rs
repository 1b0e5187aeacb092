//! Weights that a run begins with.

use ganymede_tensor::Checkpoint;

use super::*;

const SMALL_STYLEGAN2: &[&str] = &[
    "run.batch=4",
    "data.resolution=16",
    "generator={ kind = \"stylegan2\", z_dim = 4, w_dim = 4, mapping_layers = 2, channel_base = 64, channel_max = 8 }",
    "discriminator={ kind = \"stylegan2\", channel_base = 64, channel_max = 8 }",
];

fn run(settings: &[&str], seed: u64) -> Run {
    let mut layers = Layers::default();
    layers.set(settings).unwrap();
    layers.set(&[format!("run.seed={seed}")]).unwrap();
    layers.resolve().unwrap()
}

/// Both files, of a game that was played for a while.
fn written(folder: &Path, settings: &[&str]) -> (Game, [String; 2]) {
    let mut game = Game::new(&run(settings, 1), Arc::clone(&CLOTHES), &Device::Cpu).unwrap();
    (0..2).for_each(|_| drop(game.play(false).unwrap()));
    let nets = [game.players.generator.net.params(), game.players.discriminator.net.params()];
    let paths = ["G", "D"].map(|name| folder.join(name).with_extension("safetensors"));
    for (params, path) in nets.into_iter().zip(&paths) {
        Checkpoint { tensors: params.state_dict(), metadata: [].into() }.save(path).unwrap();
    }
    (game, paths.map(|path| path.to_str().unwrap().to_owned()))
}

#[test]
fn networks_begin_with_the_weights_of_files_and_some_layers_keep_them() {
    let folder = tempfile::tempdir().unwrap();
    let (source, [g, d]) = written(folder.path(), SMALL_STYLEGAN2);
    let mut run = run(SMALL_STYLEGAN2, 2);
    (run.init.generator, run.init.discriminator, run.init.freeze) = (Some(g), Some(d), 3);
    let mut game = Game::new(&run, Arc::clone(&CLOTHES), &Device::Cpu).unwrap();
    assert_ne!(of_both(&game), of_both(&source));
    game.begin_with(&run, &Device::Cpu).unwrap();
    assert_eq!(of_both(&game), of_both(&source));
    assert_eq!(values(game.sampler().params()), of_both(&source).0);
    (0..2).for_each(|_| drop(game.play(false).unwrap()));
    let (before, after) = (of_both(&source).1, of_both(&game).1);
    let changed = changed(&before, &after);
    let kept =
        |name: &str| ["b16.fromrgb", "b16.conv0", "b16.conv1"].iter().any(|layer| name.starts_with(layer));
    assert!(before.keys().any(|name| kept(name)));
    assert!(!changed.is_empty() && !changed.iter().any(|name| kept(name)), "{changed:?}");
}

#[test]
fn files_of_other_networks_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (_, [g, d]) = written(folder.path(), SMALL_STYLEGAN2);
    let refused = |generator: Option<&str>, discriminator: Option<&str>, settings: &[&str]| {
        let mut run = run(settings, 2);
        run.init.generator = generator.map(str::to_owned);
        run.init.discriminator = discriminator.map(str::to_owned);
        let mut game = Game::new(&run, Arc::clone(&CLOTHES), &Device::Cpu).unwrap();
        game.begin_with(&run, &Device::Cpu).unwrap_err().to_string()
    };
    let wide = [SMALL_STYLEGAN2, &["generator.channel_max=16"]].concat();
    for (generator, discriminator, settings, name) in [
        (Some(&*d), None, SMALL_STYLEGAN2, &d),
        (None, Some(&*g), SMALL_STYLEGAN2, &g),
        (Some(&*g), None, &wide, &g),
        (Some("absent.safetensors"), None, SMALL_STYLEGAN2, &"absent.safetensors".to_owned()),
    ] {
        let error = refused(generator, discriminator, settings);
        assert!(error.contains(name.as_str()), "{error}");
    }
}
