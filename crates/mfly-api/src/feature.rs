//! The plan's feature flags.
//!
//! Wire form: boolean members of the configuration (`{"groupChat":true,..,"viewAllMedias":true}`),
//! next to the hosts. Source: observed: Web SDK 4.25.10.

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;

macro_rules! features {
    ($($(#[$doc:meta])* $variant:ident $wire:literal $official:literal)*) => {
        /// Something that a plan may or may not include.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $variant,)*
        }

        impl Feature {
            /// Every feature, in the order of the wire.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The flag's name in the configuration.
            #[must_use]
            pub fn wire_name(self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)*
                }
            }

            /// The flag's name in the result of the official SDK's `getAvailableFeatures`.
            #[must_use]
            pub fn official_name(self) -> &'static str {
                match self {
                    $(Self::$variant => $official,)*
                }
            }
        }
    };
}

features! {
    /// Groups.
    GroupChat "groupChat" "isGroupChatEnabled"
    /// Attachments of any kind.
    Attachment "attachment" "isAttachmentEnabled"
    /// Images.
    ImageAttachment "imageAttachment" "isImageAttachmentEnabled"
    /// Videos.
    VideoAttachment "videoAttachment" "isVideoAttachmentEnabled"
    /// Audio.
    AudioAttachment "audioAttachment" "isAudioAttachmentEnabled"
    /// Documents.
    DocumentAttachment "documentAttachment" "isDocumentAttachmentEnabled"
    /// Calls with one other.
    OneToOneCall "one2oneCall" "isOneToOneCallEnabled"
    /// Calls with several.
    GroupCall "groupCall" "isGroupCallEnabled"
    /// Searching the recent chats. Reported, but nothing depends on it.
    RecentChatSearch "recentchatSearch" "isRecentChatSearchEnabled"
    /// Favourite messages.
    StarMessage "starMessage" "isStarMessageEnabled"
    /// Clearing a chat.
    ClearChat "clearChat" "isClearChatEnabled"
    /// Deleting a chat.
    DeleteChat "deleteChat" "isDeleteChatEnabled"
    /// Translating messages.
    Translation "translation" "isTranslationEnabled"
    /// Blocking users.
    Block "block" "isBlockEnabled"
    /// Reporting users and groups.
    Report "report" "isReportEnabled"
    /// Deleting messages.
    DeleteMessage "deleteMessage" "isDeleteMessageEnabled"
    /// Listing a chat's media.
    ViewAllMedias "viewAllMedias" "isViewAllMediasEnabled"
}

impl Feature {
    fn bit(self) -> u32 {
        1 << self as u32
    }

    fn from_wire_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feature| feature.wire_name() == name)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_name())
    }
}

/// Which features are on.
///
/// Before any configuration was received, all are off ([`Features::default`]). In a received one a
/// flag that is absent is on, and one that is there is on when it is exactly `true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Features {
    is_received: bool,
    enabled: u32,
}

impl Features {
    /// A received configuration that names no flag: all are on.
    #[must_use]
    pub fn all() -> Self {
        let enabled = Feature::ALL.iter().fold(0, |bits, feature| bits | feature.bit());
        Self { is_received: true, enabled }
    }

    /// The same set with `feature` switched on or off; it counts as received.
    #[must_use]
    pub fn with(mut self, feature: Feature, is_enabled: bool) -> Self {
        self.is_received = true;
        if is_enabled {
            self.enabled |= feature.bit();
        } else {
            self.enabled &= !feature.bit();
        }
        self
    }

    /// Whether `feature` is on.
    #[must_use]
    pub fn contains(self, feature: Feature) -> bool {
        self.enabled & feature.bit() != 0
    }

    /// Whether a configuration was received. If not, nothing is on because nothing is known.
    #[must_use]
    pub fn is_received(self) -> bool {
        self.is_received
    }

    /// The features that are on, in the order of the wire.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |feature| self.contains(*feature))
    }
}

impl Serialize for Features {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = if self.is_received { Feature::ALL } else { &[] };
        let mut map = serializer.serialize_map(Some(shown.len()))?;
        for feature in shown {
            map.serialize_entry(feature.wire_name(), &self.contains(*feature))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Features {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Flags;
        impl<'de> Visitor<'de> for Flags {
            type Value = Features;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("feature flags")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Features, A::Error> {
                let mut features = Features::all();
                while let Some(name) = map.next_key::<String>()? {
                    match Feature::from_wire_name(&name) {
                        Some(feature) => {
                            let is_enabled = map.next_value::<Value>()? == Value::Bool(true);
                            features = features.with(feature, is_enabled);
                        }
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(features)
            }
        }
        deserializer.deserialize_map(Flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Features {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn nothing_is_on_before_a_configuration_was_received() {
        assert_eq!(Features::default().iter().count(), 0);
        assert!(!Features::default().is_received());
    }

    #[test]
    fn an_absent_flag_is_on_and_only_true_itself_is_on() {
        let features =
            read(r#"{"block":false,"report":"true","translation":1,"groupChat":null,"x":{}}"#);
        for feature in [Feature::Block, Feature::Report, Feature::Translation, Feature::GroupChat] {
            assert!(!features.contains(feature), "{feature}");
        }
        assert_eq!(features.iter().count(), 13);
        assert_eq!(read("{}"), Features::all());
    }

    #[test]
    fn all_seventeen_flags_are_written_and_read_back() {
        let features = Features::all().with(Feature::Block, false);
        let json = serde_json::to_string(&features).unwrap();
        assert!(json.starts_with(r#"{"groupChat":true,"attachment":true"#), "{json}");
        assert_eq!(read(&json), features);
        assert_eq!(Feature::ALL.len(), 17);
        assert_eq!(serde_json::to_string(&Features::default()).unwrap(), "{}");
    }
}
