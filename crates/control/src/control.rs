use crate::code::{Coder, NoCoder};
use crate::elsewhere::Elsewhere;
use crate::memory::FlowMemory;
use crate::options::{Options, Tier};
use crate::ports::{Ambient, Mail, Web};
use crate::quota::Quota;
use crate::throttle::Throttle;
use std::sync::Arc;
use uuid::{Builder, Uuid};
use weir_base::{Duration, Micros, Text};
use weir_catalog::Catalog;
use weir_runs::{Carrier, NoCarrier, RunsPort};
use weir_store::{Documents, Store};
use weir_vault::keyring::Keyring;
use weir_vault::opaque::Cipher;

/// What the control plane is made of.
pub struct Parts {
    pub documents: Arc<dyn Documents>,
    pub store: Arc<dyn Store>,
    pub runs: Arc<dyn RunsPort>,
    pub catalog: Arc<Catalog>,
    pub ambient: Arc<dyn Ambient>,
    pub mail: Arc<dyn Mail>,
    /// Where sign-in providers are asked.
    pub web: Arc<dyn Web>,
    pub keyring: Arc<Keyring>,
    /// What flows remember; the runtime has the same one.
    pub memory: Arc<FlowMemory>,
    pub options: Options,
}

/// Everything a server, or whoever stands in its place, asks for. One file per thing that can be asked about.
///
/// Whose data a request touches is said by its [`crate::Caller`]; that it may is checked where it comes in.
pub struct Control {
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) runs: Arc<dyn RunsPort>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) ambient: Arc<dyn Ambient>,
    pub(crate) mail: Arc<dyn Mail>,
    pub(crate) web: Arc<dyn Web>,
    pub(crate) coder: Arc<dyn Coder>,
    pub(crate) carrier: Arc<dyn Carrier>,
    pub(crate) elsewhere: Elsewhere,
    pub(crate) mailboxes: std::sync::Mutex<crate::mail_in::Due>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) memory: Arc<FlowMemory>,
    pub(crate) cipher: Cipher,
    pub(crate) options: Options,
    pub(crate) quota: Arc<Quota>,
    pub(crate) sign_ins: Throttle,
    pub(crate) doors: crate::doors::Doors,
    pub(crate) key_sets: crate::key_sets::KeySets,
    pub(crate) automatic: crate::automatic::Automatic,
    pub(crate) awake: crate::sleep::Awake,
    pub(crate) house: crate::system::House,
    pub(crate) feeds: crate::feed::Feeds,
    pub(crate) access: crate::access::Access,
    pub(crate) news: crate::compilations::News,
}

impl Control {
    pub fn new(parts: Parts) -> Self {
        let Parts { documents, store, runs, catalog, ambient, mail, web, keyring, memory, options } = parts;
        let sign_ins = Throttle::new(options.sign_in_tries, options.sign_in_pause);
        Self {
            documents,
            store,
            runs,
            catalog,
            ambient,
            mail,
            web,
            coder: Arc::new(NoCoder),
            carrier: Arc::new(NoCarrier),
            elsewhere: Elsewhere::new(&options.sign_in),
            mailboxes: std::sync::Mutex::default(),
            cipher: Cipher::new(&keyring),
            keyring,
            memory,
            quota: Arc::default(),
            sign_ins,
            doors: crate::doors::Doors::default(),
            key_sets: crate::key_sets::KeySets::default(),
            automatic: crate::automatic::Automatic::default(),
            awake: crate::sleep::Awake::default(),
            house: crate::system::House::default(),
            feeds: crate::feed::Feeds::default(),
            access: crate::access::Access::default(),
            news: crate::compilations::News::default(),
            options,
        }
    }

    /// With somebody who writes flows as code.
    pub fn with_coder(self, coder: Arc<dyn Coder>) -> Self {
        Self { coder, ..self }
    }

    /// With connections to what carries runs elsewhere; the runtime has the same ones.
    pub fn with_carrier(self, carrier: Arc<dyn Carrier>) -> Self {
        Self { carrier, ..self }
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub fn now(&self) -> Micros {
        self.ambient.now()
    }

    pub(crate) fn later(&self, after: Duration) -> Micros {
        self.now().saturating_add(after.micros())
    }

    /// A new id; later ones sort after earlier ones.
    pub(crate) fn new_id(&self) -> Text {
        id_at(&*self.ambient)
    }

    /// What the vault's functions take as their source of chance.
    pub(crate) fn random(&self) -> impl FnMut(&mut [u8]) {
        let ambient = self.ambient.clone();
        move |bytes: &mut [u8]| ambient.fill(bytes)
    }

    /// The limits of a tier; one that is not configured any more has none of its own and so gets the free one's.
    pub(crate) fn tier(&self, name: &str) -> Tier {
        let tiers = &self.options.tiers;
        let none = || Tier {
            flows: None,
            executions: None,
            members: None,
            modules: None,
            memory: None,
            concurrency: None,
            rate: None,
            idle: None,
        };
        tiers.get(name).or_else(|| tiers.get("free")).cloned().unwrap_or_else(none)
    }
}

/// An id that sorts after earlier ones.
pub(crate) fn id_at(ambient: &dyn Ambient) -> Text {
    let mut random = [0; 10];
    ambient.fill(&mut random);
    let millis = u64::try_from(ambient.now() / 1_000).unwrap_or_default();
    let id: Uuid = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    id.to_string().into()
}
