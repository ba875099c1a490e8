use crate::args::Serve;
use crate::exit::UsageError;
use crate::serve::connections::{self, Connections};
use crate::serve::sign_in::{self, SignInWith};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use weir_base::Duration;
use weir_control::Tier;

/// How the server is set up. What the command line says counts before the environment, and that before the file.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub database_url: Option<String>,
    pub master_key_file: Option<PathBuf>,
    pub owner_email: String,
    pub owner_password: Option<String>,
    pub demo: bool,
    pub body_bytes: usize,
    pub webhook_bytes: usize,
    pub connections: usize,
    pub proxies: usize,
    pub drain: Duration,
    pub keep_runs: Option<Duration>,
    pub keep_logs: Option<Duration>,
    pub runs_per_tenant: Option<u32>,
    pub session: Duration,
    pub tier: String,
    pub metrics_token: Option<String>,
    pub otlp_url: Option<String>,
    pub otlp_headers: Option<String>,
    /// Instead of the tiers there are.
    pub tiers: Option<BTreeMap<String, Tier>>,
    /// Where people may sign in besides here.
    pub sign_in: Vec<SignInWith>,
    pub clerk_secret_env: Option<String>,
    pub mail_url: Option<String>,
    pub mail_from: Option<String>,
    pub mail_authority: Option<PathBuf>,
    pub private_mail_hosts: Option<String>,
    pub private_key_hosts: Vec<String>,
    /// Temporal clusters that can carry runs, by name.
    pub temporal: Connections,
}

impl Default for Config {
    fn default() -> Self {
        let control = weir_control::Options::default();
        let server = weir_server::Options::default();
        Self {
            listen: server.listen,
            public_url: None,
            database_url: None,
            master_key_file: None,
            owner_email: "owner@localhost".to_owned(),
            owner_password: None,
            demo: true,
            body_bytes: server.body_bytes,
            webhook_bytes: server.webhook_bytes,
            connections: server.connections,
            proxies: server.proxies,
            drain: Duration::from_secs(10),
            keep_runs: None,
            keep_logs: None,
            runs_per_tenant: None,
            session: control.session,
            tier: control.tier,
            metrics_token: None,
            otlp_url: None,
            otlp_headers: None,
            tiers: None,
            sign_in: Vec::new(),
            clerk_secret_env: None,
            mail_url: None,
            mail_from: None,
            mail_authority: None,
            private_mail_hosts: None,
            private_key_hosts: Vec::new(),
            temporal: Connections::new(),
        }
    }
}

type Set = fn(&mut Config, &str) -> Result<(), String>;

/// One setting: its name in the file, what it means, its usual value, and how its text is read.
struct Setting {
    name: &'static str,
    about: &'static str,
    usual: &'static str,
    set: Set,
}

const SETTINGS: [Setting; 26] = [
    Setting {
        name: "listen",
        about: "Address and port; the next free port where that one is taken",
        usual: "127.0.0.1:7878",
        set: |config, text| address(text).map(|read| config.listen = read),
    },
    Setting {
        name: "publicUrl",
        about: "How people reach this server, such as https://weir.example.org; for links. With https, cookies are\n# sent over TLS alone",
        usual: "",
        set: |config, text| some(&mut config.public_url, text),
    },
    Setting {
        name: "databaseUrl",
        about: "postgres://user:password@host/database; SQLite in the data folder where empty",
        usual: "",
        set: |config, text| some(&mut config.database_url, text),
    },
    Setting {
        name: "masterKeyFile",
        about: "The key that seals secrets: 64 hexadecimal digits, or a line `id:key` for each of several, of which\n# the last seals. Made in the data folder where empty. Keep a copy: without it secrets are lost",
        usual: "",
        set: |config, text| some(&mut config.master_key_file, text),
    },
    Setting {
        name: "ownerEmail",
        about: "The first account, made at the first start",
        usual: "owner@localhost",
        set: |config, text| put(&mut config.owner_email, text),
    },
    Setting {
        name: "ownerPassword",
        about: "Its password; made and printed once where empty. Better given as WEIR_OWNER_PASSWORD",
        usual: "",
        set: |config, text| some(&mut config.owner_password, text),
    },
    Setting {
        name: "demo",
        about: "Whether the first start makes a project `demo` with flows to try",
        usual: "true",
        set: |config, text| put(&mut config.demo, text),
    },
    Setting {
        name: "bodyBytes",
        about: "The largest body of a request, in bytes",
        usual: "8388608",
        set: |config, text| put(&mut config.body_bytes, text),
    },
    Setting {
        name: "webhookBytes",
        about: "The largest body of a webhook, in bytes",
        usual: "4194304",
        set: |config, text| put(&mut config.webhook_bytes, text),
    },
    Setting {
        name: "connections",
        about: "How many connections are served at the same time",
        usual: "10000",
        set: |config, text| put(&mut config.connections, text),
    },
    Setting {
        name: "proxies",
        about: "How many proxies in front are trusted to name the client in X-Forwarded-For",
        usual: "0",
        set: |config, text| put(&mut config.proxies, text),
    },
    Setting {
        name: "drain",
        about: "How long a stop waits for what is under way",
        usual: "10s",
        set: |config, text| duration(text).map(|read| config.drain = read),
    },
    Setting {
        name: "keepRuns",
        about: "Forget runs so long after their end, such as 30d; keep all where empty",
        usual: "",
        set: |config, text| maybe_duration(&mut config.keep_runs, text),
    },
    Setting {
        name: "keepLogs",
        about: "Forget logs and failed attempts after so long; keep all where empty",
        usual: "",
        set: |config, text| maybe_duration(&mut config.keep_logs, text),
    },
    Setting {
        name: "runsPerTenant",
        about: "Runs of one organisation at the same time; later ones wait. No limit where empty",
        usual: "",
        set: |config, text| some(&mut config.runs_per_tenant, text),
    },
    Setting {
        name: "session",
        about: "How long a browser stays signed in",
        usual: "14d",
        set: |config, text| duration(text).map(|read| config.session = read),
    },
    Setting {
        name: "tier",
        about: "The tier of a new organisation: free, paid, pro or enterprise, or one of `tiers`",
        usual: "enterprise",
        set: |config, text| put(&mut config.tier, text),
    },
    Setting {
        name: "metricsToken",
        about: "What lets others than this machine read /metrics, as a bearer token; nobody else may where empty.\n# Better given as WEIR_METRICS_TOKEN",
        usual: "",
        set: |config, text| some(&mut config.metrics_token, text),
    },
    Setting {
        name: "otlpUrl",
        about: "A collector for traces over OTLP/HTTP, such as http://127.0.0.1:4318; none are sent where empty",
        usual: "",
        set: |config, text| some(&mut config.otlp_url, text),
    },
    Setting {
        name: "otlpHeaders",
        about: "Headers for the collector: name=value, with commas between several",
        usual: "",
        set: |config, text| some(&mut config.otlp_headers, text),
    },
    Setting {
        name: "clerkSecretEnv",
        about: "The variable of the environment with the secret that Clerk signs its webhooks with; events are then taken\n# at /webhooks/clerk",
        usual: "",
        set: |config, text| some(&mut config.clerk_secret_env, text),
    },
    Setting {
        name: "mailUrl",
        about: "The mail server that takes letters: smtp://host:port, starttls://user:password@host or smtps://user:password@host.\n# No letters leave where empty. Better given as an environment variable",
        usual: "",
        set: |config, text| some(&mut config.mail_url, text),
    },
    Setting {
        name: "mailFrom",
        about: "Whom letters come from, such as Weir <weir@example.org>",
        usual: "",
        set: |config, text| some(&mut config.mail_from, text),
    },
    Setting {
        name: "mailAuthority",
        about: "A file with a certificate, in PEM, that mail servers are believed by besides those of the machine",
        usual: "",
        set: |config, text| some(&mut config.mail_authority, text),
    },
    Setting {
        name: "privateMailHosts",
        about: "Hosts, with a port or without, at which mailboxes may be read at private addresses and without TLS; a comma\n# between them",
        usual: "",
        set: |config, text| some(&mut config.private_mail_hosts, text),
    },
    Setting {
        name: "privateKeyHosts",
        about: "Hosts, with a port or without, at which the keys for tokens of public interfaces may be read at private\n# addresses and without TLS; a comma between them",
        usual: "",
        set: |config, text| {
            let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
            config.private_key_hosts = hosts.map(str::to_owned).collect();
            Ok(())
        },
    },
];

fn put<T: std::str::FromStr>(place: &mut T, text: &str) -> Result<(), String>
where
    T::Err: std::fmt::Display,
{
    *place = text.parse().map_err(|error: T::Err| error.to_string())?;
    Ok(())
}

fn some<T: std::str::FromStr>(place: &mut Option<T>, text: &str) -> Result<(), String>
where
    T::Err: std::fmt::Display,
{
    *place = if text.is_empty() { None } else { Some(text.parse().map_err(|error: T::Err| error.to_string())?) };
    Ok(())
}

/// Where a server listens. Names are not looked up, since one may stand for several addresses.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is no IP address with a port, such as 127.0.0.1:7878 or [::1]:7878"))
}

fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|error| error.to_string())
}

fn maybe_duration(place: &mut Option<Duration>, text: &str) -> Result<(), String> {
    *place = if text.is_empty() { None } else { Some(duration(text)?) };
    Ok(())
}

impl Config {
    pub fn read(args: &Serve) -> anyhow::Result<Config> {
        let mut config = Config::default();
        if let Some(file) = &args.config {
            let text = crate::loader::read(file).map_err(UsageError)?;
            config.take_file(&text).map_err(|message| UsageError(format!("{}: {message}", file.display())))?;
        }
        config.take_environment(|name| std::env::var(name).ok()).map_err(UsageError)?;
        config.take_args(args);
        Ok(config)
    }

    fn take_file(&mut self, text: &str) -> Result<(), String> {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(());
        }
        let values: BTreeMap<String, serde_json::Value> =
            serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        for (name, value) in values {
            if name == "tiers" {
                let tiers = serde_json::from_value(value).map_err(|error| format!("tiers: {error}"))?;
                self.tiers = Some(tiers);
                continue;
            }
            if name == "signIn" {
                self.sign_in = serde_json::from_value(value).map_err(|error| format!("signIn: {error}"))?;
                continue;
            }
            if name == "temporal" {
                self.set_temporal(value)?;
                continue;
            }
            let text = match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            self.set(&name, &text)?;
        }
        Ok(())
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let names = || SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ");
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        let setting = setting.ok_or_else(|| {
            format!("there is no setting `{name}`; there are {}, tiers, signIn and temporal", names())
        })?;
        (setting.set)(self, text).map_err(|error| format!("{name}: {error}"))
    }

    fn set_temporal(&mut self, value: serde_json::Value) -> Result<(), String> {
        let given = serde_json::from_value(value).map_err(|error| format!("temporal: {error}"))?;
        self.temporal = connections::checked(given)?;
        Ok(())
    }

    fn take_environment(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        for setting in &SETTINGS {
            let name = variable_of(setting.name);
            if let Some(text) = variable(&name) {
                (setting.set)(self, &text).map_err(|error| format!("{name}: {error}"))?;
            }
        }
        if let Some(text) = variable("WEIR_TEMPORAL").filter(|text| !text.is_empty()) {
            let value = serde_json::from_str(&text).map_err(|error| format!("WEIR_TEMPORAL: {error}"))?;
            self.set_temporal(value).map_err(|error| format!("WEIR_TEMPORAL: {error}"))?;
        }
        Ok(())
    }

    fn take_args(&mut self, args: &Serve) {
        self.listen = args.listen.unwrap_or(self.listen);
        self.database_url = args.database_url.clone().or(self.database_url.take());
        self.keep_runs = args.keep_runs.or(self.keep_runs);
        self.keep_logs = args.keep_logs.or(self.keep_logs);
    }
}

/// `publicUrl` is `WEIR_PUBLIC_URL`.
fn variable_of(name: &str) -> String {
    let mut variable = "WEIR_".to_owned();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            variable.push('_');
        }
        variable.push(c.to_ascii_uppercase());
    }
    variable
}

/// A file with every setting, its meaning and its usual value, all of them commented out.
pub fn sample() -> String {
    let mut text = "# Settings of `weir serve --config FILE`. Each can be given as an environment variable as well, which\n# counts before this file; what the command line says counts before both.\n".to_owned();
    for Setting { name, about, usual, .. } in &SETTINGS {
        let usual = if usual.is_empty() { "\"\"" } else { usual };
        let _ = write!(text, "\n# {about}. ({})\n# {name}: {usual}\n", variable_of(name));
    }
    text.push_str("\n# What organisations of a tier may have; what is left out has no limit. This takes the place of the usual tiers.\n");
    text.push_str("# tiers:\n");
    for (name, tier) in weir_control::Options::default().tiers {
        let json = serde_json::to_value(&tier).unwrap_or_default();
        let members = json.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        let members: Vec<String> = members.map(|(key, value)| format!("{key}: {value}")).collect();
        let _ = writeln!(text, "#   {name}: {{{}}}", members.join(", "));
    }
    text.push('\n');
    text.push_str(sign_in::SAMPLE);
    text.push('\n');
    text.push_str(connections::SAMPLE);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample says what is so: with everything in force it changes nothing.
    #[test]
    fn the_sample_is_the_default() {
        let lines = sample();
        let uncommented: Vec<&str> = lines
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| SETTINGS.iter().any(|setting| line.starts_with(&format!("{}: ", setting.name))))
            .collect();
        assert_eq!(uncommented.len(), SETTINGS.len());
        let mut config = Config::default();
        config.take_file(&uncommented.join("\n")).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
        let tiers = lines.lines().skip_while(|line| *line != "# tiers:").take_while(|line| !line.is_empty());
        let tiers = tiers.filter_map(|line| line.strip_prefix("# "));
        let mut config = Config::default();
        config.take_file(&tiers.collect::<Vec<_>>().join("\n")).unwrap();
        assert_eq!(config.tiers, Some(weir_control::Options::default().tiers));
        config.take_file(&lines).unwrap();
    }

    /// `weir serve --sample-config > docs/weir.sample.yaml` writes it anew.
    #[test]
    fn the_sample_in_the_documentation_is_this_one() {
        assert_eq!(include_str!("../../../../docs/weir.sample.yaml"), sample());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text: &str| Config::default().take_file(text).unwrap_err();
        assert!(wrong("lisen: 1").starts_with("there is no setting `lisen`"));
        assert!(wrong("listen: here").starts_with("listen: "));
        assert!(wrong("drain: soon").starts_with("drain: "));
        assert!(wrong("tiers: {free: {flow: 1}}").starts_with("tiers: "));
        let mut config = Config::default();
        let environment = |name: &str| (name == "WEIR_KEEP_RUNS").then(|| "x".to_owned());
        assert!(config.take_environment(environment).unwrap_err().starts_with("WEIR_KEEP_RUNS: "));
    }
}
