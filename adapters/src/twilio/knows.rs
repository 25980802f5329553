//! What this way in makes known of a reporter, and to whom besides us (R67): the adapter's declaration, from which the first words are made.

use domain::channel::Channel;
use domain::conversation::knows::Knows;

/// Texts and calls: the phone company has the number. WhatsApp and Messenger: the app's company has the account. We keep either,
/// sealed, to answer by it.
pub const fn knows(channel: Channel) -> Knows {
    match channel {
        Channel::Whatsapp | Channel::Messenger => Knows::APP,
        Channel::Text | Channel::Voice | Channel::Mail | Channel::Chat | Channel::Web => Knows::PHONE,
    }
}
