use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One of `temporal` in the file: how a Temporal cluster is reached.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(not(feature = "temporal"), allow(dead_code))]
pub struct ConnectionWith {
    pub address: String,
    #[serde(default = "namespace")]
    pub namespace: String,
    #[serde(default = "task_queue")]
    pub task_queue: String,
    /// Whether this server works on its runs too; it keeps their journals in any case.
    #[serde(default)]
    pub worker: bool,
    #[serde(default)]
    pub tls: bool,
    pub tls_ca: Option<PathBuf>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub tls_domain: Option<String>,
    /// The name of a variable of the environment.
    pub api_key_env: Option<String>,
    pub api_key_file: Option<PathBuf>,
    pub payload_keys: Option<PathBuf>,
    pub blobs: Option<String>,
}

pub type Connections = BTreeMap<String, ConnectionWith>;

fn namespace() -> String {
    "default".to_owned()
}

fn task_queue() -> String {
    "weir".to_owned()
}

/// In the sample, as it stands below `temporal`.
pub const SAMPLE: &str = "\
# Temporal clusters that can carry the runs of flows, by name; see docs/temporal.md. A flow is started on one with
# `runtime: temporal:NAME`. `apiKeyEnv` names a variable of the environment, `apiKeyFile` a file. (WEIR_TEMPORAL, as JSON)
# temporal:
#   main: {address: \"127.0.0.1:7233\", namespace: default, taskQueue: weir, worker: true}
#   cloud: {address: \"weir.a2dd6.tmprl.cloud:7233\", namespace: weir.a2dd6, taskQueue: weir, tls: true, apiKeyEnv: TEMPORAL_API_KEY}
#   own: {address: \"temporal:7233\", tlsCa: ca.pem, tlsCert: weir.pem, tlsKey: weir.key, tlsDomain: temporal.example.org,
#         payloadKeys: payload.keys, blobs: \"postgres://weir@database/weir\"}
";

/// What is wrong with a connection before anybody is asked.
pub fn checked(given: Connections) -> Result<Connections, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    for (name, one) in &given {
        if name.is_empty() || name.len() > 40 || !name.chars().all(fits) {
            return Err(format!("temporal: a name is 1 to 40 small letters, digits or `-`, not `{name}`"));
        }
        if one.tls_cert.is_some() != one.tls_key.is_some() {
            return Err(format!("temporal: {name}: tlsCert and tlsKey go together"));
        }
        if one.api_key_env.is_some() && one.api_key_file.is_some() {
            return Err(format!("temporal: {name}: give apiKeyEnv or apiKeyFile, not both"));
        }
        if one.task_queue.is_empty() || one.address.is_empty() {
            return Err(format!("temporal: {name}: address and taskQueue may not be empty"));
        }
    }
    let shared = given.iter().flat_map(|(name, one)| {
        let same = move |(_, other): &(&String, &ConnectionWith)| {
            (&other.address, &other.namespace, &other.task_queue) == (&one.address, &one.namespace, &one.task_queue)
        };
        given.iter().filter(same).map(|(other, _)| other).find(|other| *other != name).map(|other| (name, other))
    });
    match shared.collect::<Vec<_>>().first() {
        Some((a, b)) => Err(format!("temporal: {a} and {b} are the same task queue; give each its own")),
        None => Ok(given),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Connections, String> {
        let given: Connections = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        checked(given)
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let given = read("main: {address: \"127.0.0.1:7233\"}").unwrap();
        let main = &given["main"];
        assert_eq!((&*main.namespace, &*main.task_queue, main.worker, main.tls), ("default", "weir", false, false));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("Main: {address: a}", "not `Main`"),
            ("main: {address: \"\"}", "may not be empty"),
            ("main: {address: a, tlsCert: x}", "go together"),
            ("main: {address: a, apiKeyEnv: X, apiKeyFile: y}", "not both"),
            ("a: {address: a}\nb: {address: a}", "same task queue"),
            ("a: {adress: a}", "adress"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    /// What stands in the sample is in force once it is no comment any more.
    #[test]
    fn the_sample_is_read() {
        let lines = SAMPLE.lines().skip(2).filter_map(|line| line.strip_prefix("# "));
        let text: Vec<&str> = lines.skip_while(|line| *line != "temporal:").skip(1).collect();
        assert_eq!(read(&text.join("\n")).unwrap().len(), 3);
    }
}
