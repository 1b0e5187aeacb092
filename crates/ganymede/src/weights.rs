//! `ganymede import` and `ganymede export`, and what is said of weights on any command line.

pub(crate) mod args;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ganymede_files::path_text;
use ganymede_models::{DIALECTS, Dialect, Hints, NetworkKind, Role};
use ganymede_tensor::Device;
use ganymede_train::{NetworkWeights, RunFolder, TrainError};
use serde_json::{Value, json};
use toml::Table;

use crate::Exit;
use crate::sample::checkpoint;
use crate::words::{self, Misuse};
use args::{ExportArgs, ForeignArgs, ImportArgs};

/// The suffix of what is written.
const SUFFIX: &str = "safetensors";

/// A network of `role` in a file of another program, or of `import` or `export`; `side` is that of its images, where it is
/// known.
pub(crate) fn find(
    path: &Path,
    args: &ForeignArgs,
    role: Role,
    side: Option<usize>,
    device: &Device,
) -> Result<NetworkWeights> {
    let Some(model) = &args.model else {
        let saved = NetworkWeights::of_saved(path, device)?;
        return saved.ok_or_else(|| {
            let reason = format!(
                "{}: it does not say what it is: name the model, such as --model dcgan",
                path.display()
            );
            Misuse(reason).into()
        });
    };
    let kind = NetworkKind::named(role, model).map_err(|error| Misuse(error.to_string()))?;
    let found = NetworkWeights::find(path, kind, args.key.as_deref(), &hints(args, kind, side)?, device)?;
    found.note.iter().for_each(|note| words::say(&format!("note: {}: {note}", path.display())));
    Ok(found)
}

fn hints(args: &ForeignArgs, kind: NetworkKind, side: Option<usize>) -> Result<Hints> {
    let mut settings = match &args.config {
        Some(path) => section(path, kind)?,
        None => Table::new(),
    };
    for assignment in &args.sets {
        let (key, value) = assigned(assignment)?;
        settings.insert(key, value);
    }
    let dialect = args.dialect.as_deref().map(dialect).transpose()?;
    Ok(Hints { settings, side: args.resolution.or(side), dialect })
}

/// The settings of the player's section of a configuration file.
fn section(path: &Path, kind: NetworkKind) -> Result<Table> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(unusable(path))?;
    let table: Table = text.parse().map_err(|error| Misuse(format!("{shown}: {error}")))?;
    let role = kind.role().word();
    let section = table.get(role).and_then(toml::Value::as_table).cloned();
    let mut section = section.ok_or_else(|| Misuse(format!("{shown}: it has no section [{role}]")))?;
    match section.remove("kind").as_ref().and_then(toml::Value::as_str) {
        Some(other) if other != kind.name() => {
            Err(Misuse(format!("{shown}: its {role} is {other}, not {}", kind.name())).into())
        }
        _ => Ok(section),
    }
}

/// `key=value`, the value in TOML or a bare word.
fn assigned(assignment: &str) -> Result<(String, toml::Value)> {
    let Some((key, value)) = assignment.split_once('=') else {
        return Err(Misuse(format!("--set {assignment}: give key=value, such as norm=layer")).into());
    };
    let read = format!("value = {value}").parse::<Table>().ok();
    let value = read.and_then(|mut table| table.remove("value"));
    let value = value.unwrap_or_else(|| toml::Value::String(assignment[key.len() + 1..].to_owned()));
    Ok((key.trim().to_owned(), value))
}

fn dialect(name: &str) -> Result<&'static Dialect> {
    let known = || DIALECTS.iter().map(|dialect| dialect.name).collect::<Vec<_>>().join(", ");
    Dialect::named(name).ok_or_else(|| {
        Misuse(format!("--dialect {name}: there is none of that name; known are {}", known())).into()
    })
}

pub(crate) fn import(args: &ImportArgs) -> Result<Exit> {
    let into_file = args.out.extension().is_some_and(|suffix| suffix == SUFFIX);
    let roles = roles(args)?;
    let mut written = Vec::new();
    let mut refusal = None;
    for role in roles {
        let found = match find(&args.from, &args.foreign, role, None, &Device::Cpu) {
            Ok(found) => found,
            // One of the two is enough, and the first says best why there is none.
            Err(error) if matches!(error.downcast_ref(), Some(TrainError::Weights { .. })) => {
                refusal = refusal.or(Some(error));
                continue;
            }
            Err(error) if !written.is_empty() => {
                words::say(&format!("note: no {}: {error}", role.word()));
                continue;
            }
            Err(error) => return Err(error),
        };
        let out = match into_file {
            true => args.out.clone(),
            false => {
                fs::create_dir_all(&args.out).map_err(unusable(&args.out))?;
                args.out.join(format!("{}.{SUFFIX}", found.network.kind().role().word()))
            }
        };
        written.push(save(&found, &out, Dialect::native())?);
        if into_file || args.foreign.model.is_none() {
            break;
        }
    }
    match (written.is_empty(), refusal) {
        (true, Some(error)) => Err(error),
        _ => {
            if args.json {
                words::result(&json!({ "written": written }).to_string());
            }
            Ok(Exit::Done)
        }
    }
}

/// The networks to look for: the one that was asked for, or those that there are of the model's name.
fn roles(args: &ImportArgs) -> Result<Vec<Role>> {
    let both = || Role::ALL.iter().copied();
    match (args.player, &args.foreign.model) {
        (Some(player), _) => Ok(vec![player.role()]),
        (None, None) => Ok(both().collect()),
        (None, Some(model)) => {
            let known: Vec<Role> = both().filter(|role| NetworkKind::named(*role, model).is_ok()).collect();
            match (known.is_empty(), NetworkKind::named(Role::Generator, model)) {
                (true, Err(error)) => Err(Misuse(error.to_string()).into()),
                _ => Ok(known),
            }
        }
    }
}

pub(crate) fn export(args: &ExportArgs) -> Result<Exit> {
    if args.out.extension().is_none_or(|suffix| suffix != SUFFIX) {
        let shown = args.out.display();
        let reason = format!(
            "--out {shown}: give a .safetensors file; in PyTorch, safetensors.torch.load_file gives its state dict"
        );
        return Err(Misuse(reason).into());
    }
    let dialect = dialect(&args.dialect)?;
    let weights = source(args)?;
    let written = save(&weights, &args.out, dialect)?;
    if args.json {
        words::result(&json!({ "written": [written] }).to_string());
    }
    Ok(Exit::Done)
}

fn source(args: &ExportArgs) -> Result<NetworkWeights> {
    let role = args.player.role();
    let path: PathBuf = match args.source.is_dir() {
        true => checkpoint(&RunFolder::open(&args.source)?, &args.checkpoint)?,
        false => args.source.clone(),
    };
    match NetworkWeights::of_saved(&path, &Device::Cpu)? {
        Some(saved) => Ok(saved),
        None => Ok(NetworkWeights::of_checkpoint(&path, role, args.raw, &Device::Cpu)?),
    }
}

/// Writes the network, and says what it is.
fn save(weights: &NetworkWeights, out: &Path, dialect: &Dialect) -> Result<Value> {
    weights.save(out, dialect)?;
    let kind = weights.network.kind();
    let (role, name) = (kind.role().word(), kind.name());
    let classes = weights.io.classes().map(|k| format!(", {k} classes")).unwrap_or_default();
    let numbers = words::count(weights.count());
    let shape = &weights.io.sample;
    words::say(&format!(
        "wrote {}: {role} {name}, {numbers} numbers, samples {shape:?}{classes}",
        out.display()
    ));
    let settings = weights.network.write();
    let text = toml::to_string(&settings).unwrap_or_default();
    words::say(&format!("  {}", text.trim().replace(" = ", " ").replace('\n', ", ")));
    Ok(json!({
        "file": path_text(out),
        "role": role,
        "model": name,
        "dialect": dialect.name,
        "numbers": weights.count(),
        "shape": shape,
        "classes": weights.io.classes(),
        "settings": settings,
    }))
}

/// An error of the system with the file.
fn unusable(path: &Path) -> impl Fn(std::io::Error) -> TrainError {
    let path = path.to_owned();
    move |source| TrainError::Write { action: "use", path: path.clone(), source }
}
