//! The feature flags of a plan.
//!
//! Wire form: boolean members of the configuration (`{"groupChat":true,..,"viewAllMedias":true}`),
//! beside the hosts. Source: observed: Web SDK 4.25.10.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;

macro_rules! features {
    ($($(#[$doc:meta])* $variant:ident $wire:literal $official:literal)*) => {
        /// A feature that a plan may include.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $variant,)*
        }

        impl Feature {
            /// All features, in the order of the wire.
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
    /// Chats in groups.
    GroupChat "groupChat" "isGroupChatEnabled"
    /// Attachments of any kind.
    Attachment "attachment" "isAttachmentEnabled"
    /// Images as attachments.
    ImageAttachment "imageAttachment" "isImageAttachmentEnabled"
    /// Videos as attachments.
    VideoAttachment "videoAttachment" "isVideoAttachmentEnabled"
    /// Audio as attachments.
    AudioAttachment "audioAttachment" "isAudioAttachmentEnabled"
    /// Documents as attachments.
    DocumentAttachment "documentAttachment" "isDocumentAttachmentEnabled"
    /// Calls between two users.
    OneToOneCall "one2oneCall" "isOneToOneCallEnabled"
    /// Calls among several users.
    GroupCall "groupCall" "isGroupCallEnabled"
    /// Searching the recent chats. Nothing in this crate depends on it.
    RecentChatSearch "recentchatSearch" "isRecentChatSearchEnabled"
    /// Starring favourite messages.
    StarMessage "starMessage" "isStarMessageEnabled"
    /// Removing all messages of a chat.
    ClearChat "clearChat" "isClearChatEnabled"
    /// Deleting a whole chat.
    DeleteChat "deleteChat" "isDeleteChatEnabled"
    /// Translation of messages.
    Translation "translation" "isTranslationEnabled"
    /// Blocking other users.
    Block "block" "isBlockEnabled"
    /// Reporting users and groups.
    Report "report" "isReportEnabled"
    /// Deleting single messages.
    DeleteMessage "deleteMessage" "isDeleteMessageEnabled"
    /// Listing the media of a chat.
    ViewAllMedias "viewAllMedias" "isViewAllMediasEnabled"
}

impl Feature {
    fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The feature of this name on the wire, such as `block`.
    #[must_use]
    pub fn from_wire_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feature| feature.wire_name() == name)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_name())
    }
}

/// The set of enabled features.
///
/// [`Features::default`] is the set before a configuration was received: all features are off. In a
/// received configuration an absent flag is on, and a present one is on if it is exactly `true`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    is_received: bool,
    enabled: u32,
}

impl Features {
    /// The set of a received configuration without flags: all features are on.
    #[must_use]
    pub fn all() -> Self {
        let enabled = Feature::ALL.iter().fold(0, |bits, feature| bits | feature.bit());
        Self { is_received: true, enabled }
    }

    /// This set with `feature` switched on or off. It counts as received.
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

    /// Whether `feature` is enabled.
    #[must_use]
    pub fn contains(self, feature: Feature) -> bool {
        self.enabled & feature.bit() != 0
    }

    /// Whether a configuration was received. Before that, all features are off.
    #[must_use]
    pub fn is_received(self) -> bool {
        self.is_received
    }

    /// The enabled features, in the order of the wire.
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
        let members = Map::<String, Value>::deserialize(deserializer)?;
        let flags = members.iter().filter_map(|(name, value)| {
            Some((Feature::from_wire_name(name)?, *value == Value::Bool(true)))
        });
        Ok(flags.fold(Self::all(), |features, (feature, is_on)| features.with(feature, is_on)))
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_received {
            return f.write_str("Features(not received)");
        }
        f.write_str("Features")?;
        f.debug_set().entries(self.iter()).finish()
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
        let only_block = Feature::ALL.iter().fold(Features::all(), |features, feature| {
            features.with(*feature, *feature == Feature::Block)
        });
        assert_eq!(format!("{only_block:?}"), "Features{Block}");
        assert_eq!(format!("{:?}", Features::default()), "Features(not received)");
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
