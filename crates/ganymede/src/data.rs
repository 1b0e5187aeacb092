//! `ganymede data`

use anyhow::Result;
use ganymede_datasets::{FetchEvent, OpenOptions, Presence, fetch, list};
use ganymede_files::path_text;
use ganymede_train::TrainError;
use serde_json::json;

use crate::Exit;
use crate::args::{DataArgs, DataCommand};
use crate::words;

pub(crate) fn run(args: &DataArgs) -> Result<Exit> {
    match &args.command {
        DataCommand::List => list_all(args.json),
        DataCommand::Fetch { name } => fetch_one(name, args.json)?,
    }
    Ok(Exit::Done)
}

fn list_all(as_json: bool) {
    let entries = list(&OpenOptions::default().data_dir());
    if as_json {
        let all: Vec<_> = entries
            .iter()
            .map(|entry| {
                json!({
                    "name": entry.name, "kind": entry.kind.to_string(), "summary": entry.summary,
                    "samples": entry.samples, "shape": entry.shape, "licence": entry.licence,
                    "presence": presence(&entry.presence),
                })
            })
            .collect();
        return words::result(&json!({ "data": all }).to_string());
    }
    for entry in entries {
        words::result(&format!("{:<18} {}", entry.name, entry.summary));
        words::result(&format!("{:<18} {}; licence: {}", "", presence(&entry.presence), entry.licence));
    }
    words::result(
        "\nAny folder, .zip or .tar of PNG, JPEG or WebP images will do as well: ganymede train --data PATH",
    );
}

fn presence(presence: &Presence) -> String {
    match presence {
        Presence::Embedded => "built in".to_owned(),
        Presence::Computed => "computed".to_owned(),
        Presence::Present(dir) => format!("in {}", dir.display()),
        Presence::Absent { dir, fetchable: true } => {
            format!("not here; `ganymede data fetch` puts it into {}", dir.display())
        }
        Presence::Absent { dir, fetchable: false } => format!("not here; belongs into {}", dir.display()),
    }
}

fn fetch_one(name: &str, as_json: bool) -> Result<()> {
    let data_dir = OpenOptions::default().data_dir();
    let mut tenths = 0;
    let fetched = fetch(name, &data_dir, &mut |event| match event {
        FetchEvent::Source { source } => {
            tenths = 0;
            words::say(&format!("trying {source}"));
        }
        FetchEvent::Progress { file, done, total: Some(total) } if done * 10 / total.max(1) > tenths => {
            tenths = done * 10 / total.max(1);
            words::say(&format!("{file}: {} of {}", words::bytes(done), words::bytes(total)));
        }
        FetchEvent::SourceFailed { source, reason } => words::say(&format!("{source}: {reason}")),
        _ => {}
    });
    let fetched = fetched.map_err(TrainError::from)?;
    words::say(&format!("{name} is in {}, verified", fetched.dir.display()));
    if as_json {
        let files: Vec<String> = fetched.files.iter().map(|file| path_text(file)).collect();
        let dir = path_text(&fetched.dir);
        let report = json!({ "name": name, "dir": dir, "files": files, "source": fetched.source });
        words::result(&report.to_string());
    }
    Ok(())
}
