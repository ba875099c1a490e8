use crate::args::Serve;
use crate::exit::{Exit, UsageError};
use crate::serve::config::Config;
use crate::serve::parts::{self, Machine};
use anyhow::Context;
use std::path::Path;
use weir_base::Value;
use weir_control::Ambient;
use weir_vault::keyring::{self, Keyring};

/// Seals everything under a new master key, or under the last one of the file.
pub async fn rotate(args: &Serve, config: &Config, keep_key: bool, json: bool) -> anyhow::Result<Exit> {
    let folder = crate::data::directory(args.data.data.as_ref())?;
    if config.database_url.is_none() && !crate::data::exists(&folder.join("weir.db"))? {
        anyhow::bail!(UsageError(format!("there is no server's data in {}", folder.display())));
    }
    // Whoever serves owns the data, so this fails where a server runs; only then is the key touched.
    let (store, documents) = crate::compose::stores(&folder, config.database_url.as_deref()).await?;
    store.claim(std::process::id(), Machine.now()).await?;
    let added = if keep_key { None } else { Some(add_key(config, &folder)?) };
    let keyring = parts::master_keys(config, &folder)?;
    let rotated = weir_control::rotate(&*documents, &keyring, &Machine).await?;
    if json {
        let members = [
            ("key", added.map(Value::from).into()),
            ("rewrapped", (rotated.rewrapped as f64).into()),
            ("already", (rotated.already as f64).into()),
        ];
        crate::show::out(Value::object(members).to_json());
        return Ok(Exit::Success);
    }
    let key = added.map(|id| format!("new key {id}; ")).unwrap_or_default();
    crate::outln!("{key}{} sealed values are under it now, {} were already", rotated.rewrapped, rotated.already);
    Ok(Exit::Success)
}

/// Writes the key file anew with one key more, which is current from then on; its id.
fn add_key(config: &Config, folder: &Path) -> anyhow::Result<String> {
    if std::env::var_os("WEIR_MASTER_KEY").is_some() {
        let message = "the master key is in WEIR_MASTER_KEY: add a line `id:key` there, then say --keep-key";
        anyhow::bail!(UsageError(message.into()));
    }
    let path = config.master_key_file.clone().unwrap_or_else(|| folder.join("master.key"));
    let text = crate::loader::read(&path).map_err(UsageError)?;
    let shown = || path.display().to_string();
    let old = Keyring::parse(&text).with_context(shown)?;
    let mut fill = |bytes: &mut [u8]| Machine.fill(bytes);
    let made = keyring::generate(&mut fill);
    let made = made.text().unwrap_or_default();
    let id = Keyring::parse(made)?.current().to_owned();
    let new = format!("{}{id}:{made}\n", named(&text, old.current()));
    Keyring::parse(&new).with_context(shown)?;
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    parts::write_private(&beside, new.trim_end()).with_context(shown)?;
    std::fs::rename(&beside, &path).with_context(shown)?;
    Ok(id)
}

/// The lines there are; a key that stood alone and without an id gets its own.
fn named(text: &str, id: &str) -> String {
    let says = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
    let bare = |line: &str| says(&line) && !line.contains(':');
    let line = |line: &str| if bare(line) { format!("{id}:{}\n", line.trim()) } else { format!("{line}\n") };
    text.trim_start_matches('\u{feff}').lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_alone_gets_its_id_and_the_rest_stays() {
        assert_eq!(named("# mine\nabc\n", "k1"), "# mine\nk1:abc\n");
        assert_eq!(named("a:1\n\nb:2", "b"), "a:1\n\nb:2\n");
    }
}
