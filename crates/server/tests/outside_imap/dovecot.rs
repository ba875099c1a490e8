//! Debian's Dovecot with a configuration of its own, unpacked and never installed: it finds its files where Debian puts
//! them, in a mount namespace that ends with it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use weir_testkit::{free_port, until};

pub struct Dovecot {
    folder: tempfile::TempDir,
    pub plain: u16,
    pub tls: u16,
    child: Child,
}

/// Who reads the mailbox for the server.
const NOBODY: u32 = 65_534;

/// However busy the machine is, it comes within this, and does what it was asked to.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often ports are asked for.
const TRIES: u32 = 20;

impl Dovecot {
    pub fn start() -> Dovecot {
        (0..TRIES).find_map(|_| Dovecot::begin()).expect("Dovecot finds ports")
    }

    /// None where a port that was free is somebody's a moment later.
    fn begin() -> Option<Dovecot> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let (plain, tls) = (free_port(), free_port());
        std::fs::write(folder.path().join("dovecot.conf"), configuration(folder.path(), plain, tls)).unwrap();
        for name in ["home", "mail", "mail/new", "mail/cur", "mail/tmp"] {
            let made = folder.path().join(name);
            std::fs::create_dir(&made).unwrap();
            std::os::unix::fs::chown(&made, Some(NOBODY), Some(NOBODY)).expect("the test runs as root");
        }
        let child = spawn(&folder.path().join("dovecot.conf"));
        let mut dovecot = Dovecot { folder, plain, tls, child };
        dovecot.comes().then_some(dovecot)
    }

    fn comes(&mut self) -> bool {
        let came = until(PATIENCE, || match self.child.try_wait().unwrap() {
            Some(_) => Some(false),
            None => self.greets().then_some(true),
        });
        let came = came.unwrap_or_else(|| panic!("Dovecot does not listen: {}", self.log()));
        assert!(came || self.log().contains("Address already in use"), "Dovecot ended: {}", self.log());
        came
    }

    /// Whether it is this one that listens: each greets with its own folder.
    fn greets(&self) -> bool {
        let Ok(stream) = std::net::TcpStream::connect(("127.0.0.1", self.plain)) else { return false };
        let mut line = String::new();
        let read = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| BufReader::new(stream).read_line(&mut line));
        read.is_ok() && line.contains(&*self.folder.path().to_string_lossy())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// As a mail server delivers it: written whole, then moved to where it is seen.
    pub fn deliver(&self, name: &str, text: &[u8]) {
        let written = self.mail().join("tmp").join(name);
        std::fs::write(&written, text).unwrap();
        std::os::unix::fs::chown(&written, Some(NOBODY), Some(NOBODY)).unwrap();
        std::fs::rename(written, self.mail().join("new").join(name)).unwrap();
    }

    /// Waits until so many letters are marked as read.
    #[track_caller]
    pub fn until_seen(&self, count: usize) {
        let seen = until(PATIENCE, || (self.seen() == count).then_some(()));
        assert!(seen.is_some(), "{} are marked as read, not {count}: {}", self.seen(), self.log());
    }

    /// Letters that are marked as read.
    pub fn seen(&self) -> usize {
        let all = std::fs::read_dir(self.mail().join("cur")).unwrap().flatten();
        all.filter(|file| file.file_name().to_string_lossy().ends_with('S')).count()
    }

    /// The mailbox forgets its numbers and begins anew.
    pub fn renumber(&self) {
        for file in std::fs::read_dir(self.mail()).unwrap().flatten() {
            if file.file_name().to_string_lossy().starts_with("dovecot") {
                std::fs::remove_file(file.path()).unwrap();
            }
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Asked to end, it takes its own processes with it.
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = Command::new("kill").arg(self.child.id().to_string()).status();
            let _ = self.child.wait();
        }
    }
}

fn spawn(configuration: &Path) -> Child {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/dovecot/usr");
    assert!(unpacked.join("sbin/dovecot").is_file(), "there is no Dovecot in .tools/; `make test` puts it there");
    let script = r#"mount -t overlay overlay -o "lowerdir=$1:/usr" /usr && exec dovecot -F -c "$2""#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(unpacked.canonicalize().unwrap()).arg(configuration);
    command.stdin(Stdio::null()).spawn().unwrap()
}

fn configuration(folder: &Path, plain: u16, tls: u16) -> String {
    let certificate =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/tests/outside_mail/certificates/server.pem");
    let (folder, certificate) = (folder.display(), certificate.display());
    format!(
        "base_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/log\nprotocols = imap\n\
         listen = 127.0.0.1\nlogin_greeting = {folder}\ndefault_internal_user = nobody\ndefault_internal_group = nogroup\n\
         default_login_user = nobody\nssl = yes\nssl_cert = <{certificate}\nssl_key = <{certificate}\n\
         disable_plaintext_auth = no\nfirst_valid_uid = 1\nfirst_valid_gid = 1\nauth_failure_delay = 0\n\
         mail_location = maildir:{folder}/mail\n\
         passdb {{\n  driver = static\n  args = password=hush\n}}\n\
         userdb {{\n  driver = static\n  args = uid={NOBODY} gid={NOBODY} home={folder}/home\n}}\n\
         service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {plain}\n  }}\n  \
         inet_listener imaps {{\n    port = {tls}\n    ssl = yes\n  }}\n}}\n\
         service anvil {{\n  chroot =\n}}\nservice auth {{\n  user = root\n}}\n\
         service stats {{\n  unix_listener stats-writer {{\n    mode = 0666\n  }}\n}}\n"
    )
}
