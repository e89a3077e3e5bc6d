//! Commands to the Rust clients. Each client is a device with a name.

use crate::code;
use crate::failure::{Failure, text};
use crate::media;
use crate::server_info::ServerInfo;
use mfly_client::{
    App, BareJid, Credentials, GroupJid, Metadata, Password, ProfileFields, ProfileImage,
    ReportedMessage, Session, StoredImage, UserId, UserIdentifier,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use tokio::sync::mpsc;

/// The clients of one server.
pub(crate) struct Clients {
    server: ServerInfo,
    app: App,
    /// Apps of devices with another address of the REST API.
    apps: HashMap<String, App>,
    credentials: HashMap<String, Credentials>,
    sessions: HashMap<String, Session>,
    lines: mpsc::Sender<Value>,
}

/// Builds an app for a server that reaches the REST API at `api_base_url`.
async fn build_app(server: &ServerInfo, api_base_url: &str) -> mfly_client::Result<App> {
    App::builder(server.licence_key()?)
        .api_base_url(api_base_url)
        .xmpp_address(&server.websocket_url)
        .trial(server.trial)
        .build()
        .await
}

impl Clients {
    pub(crate) async fn new(
        server: ServerInfo,
        lines: mpsc::Sender<Value>,
    ) -> mfly_client::Result<Self> {
        Ok(Self {
            app: build_app(&server, &server.api_base_url).await?,
            server,
            apps: HashMap::new(),
            credentials: HashMap::new(),
            sessions: HashMap::new(),
            lines,
        })
    }

    /// Closes all sessions.
    pub(crate) async fn close(&mut self) {
        for (_, session) in self.sessions.drain() {
            session.close().await;
        }
    }

    /// Performs one command.
    pub(crate) async fn perform(&mut self, verb: &str, command: &Value) -> Result<Value, Failure> {
        let device = text(command, "device").to_owned();
        match verb {
            "use_api" => {
                self.apps.insert(device, build_app(&self.server, text(command, "url")).await?);
                Ok(Value::Null)
            }
            "register" => self.register(device, command).await,
            "app_token" => {
                let credentials = self.credentials_of(&device)?;
                self.app_of(&device).user_token(credentials).await?;
                Ok(Value::Null)
            }
            "connect" => self.connect(device, command).await,
            "approve_qr" => self.approve_qr(&device, command).await,
            _ => {
                let session = self
                    .sessions
                    .get(&device)
                    .ok_or_else(|| Failure::text("this device is not connected"))?;
                operate(session, &self.server.xmpp_domain, verb, command).await
            }
        }
    }

    fn app_of(&self, device: &str) -> &App {
        self.apps.get(device).unwrap_or(&self.app)
    }

    fn credentials_of(&self, device: &str) -> Result<&Credentials, Failure> {
        self.credentials.get(device).ok_or_else(|| Failure::text("this device is not registered"))
    }

    async fn register(&mut self, device: String, command: &Value) -> Result<Value, Failure> {
        let identifier = UserIdentifier::new(text(command, "user"))?;
        let force = command["force"] != false;
        let mut request = self.app_of(&device).register(&identifier).force(force);
        for (name, value) in command["metadata"].as_object().into_iter().flatten() {
            request = request.metadata(name, value.as_str().unwrap_or_default())?;
        }
        let account = request.await?;
        let answer = json!({
            "username": account.credentials.user.as_str(),
            "isProfileUpdated": account.is_profile_updated,
            "userJid": account.user_jid.as_ref().map(|jid| jid.as_str()),
        });
        self.credentials.insert(device, account.credentials);
        Ok(answer)
    }

    /// Reads a QR code from an image and approves it as a registered device.
    async fn approve_qr(&self, device: &str, command: &Value) -> Result<Value, Failure> {
        let credentials = self.credentials_of(device)?;
        let text = code::read(text(command, "image"))?;
        let approved = self.app.approve_qr(&self.server.signalling_url, &text, credentials).await?;
        Ok(json!({
            "socketId": approved.socket_id,
            "browser": approved.browser,
            "platform": approved.platform,
        }))
    }

    /// Connects with the credentials of the device's registration, or with a given password.
    async fn connect(&mut self, device: String, command: &Value) -> Result<Value, Failure> {
        let credentials = match command["password"].as_str() {
            Some(password) => Credentials {
                user: UserId::new(text(command, "user"))?,
                password: Password::new(password)?,
            },
            None => self.credentials_of(&device)?.clone(),
        };
        let session = self.app_of(&device).connect(&credentials).await?;
        let mut events = session.events();
        let (lines, name) = (self.lines.clone(), device.clone());
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                for call in event.official() {
                    let (listener, payload) = (call.listener, call.payload);
                    let line = json!({"device": name, "listener": listener, "payload": payload});
                    if lines.send(line).await.is_err() {
                        return;
                    }
                }
            }
        });
        let jid = session.current_user();
        self.sessions.insert(device, session);
        Ok(json!({"userJid": jid.as_str()}))
    }
}

async fn operate(
    session: &Session,
    host: &str,
    verb: &str,
    command: &Value,
) -> Result<Value, Failure> {
    let user = || UserId::new(text(command, "user"));
    let stored_image = |stored: StoredImage| json!({"fileToken": stored.image, "fileTokenThumb": stored.thumb_image});
    let addresses = |list: Vec<BareJid>| -> Value {
        list.iter().map(|jid| json!({"jid": jid.as_str()})).collect()
    };
    Ok(match verb {
        "current_user" => json!(session.current_user().as_str()),
        "profile" => session.profile(&user()?).await?.official(),
        "set_profile" => {
            let image = match text(command, "image") {
                "" if command["file"].is_object() => Some(media::image(&command["file"])?),
                "" => None,
                url => Some(ProfileImage::Url(url.to_owned())),
            };
            let stored = session
                .set_profile(&ProfileFields {
                    nick_name: text(command, "nickName").to_owned(),
                    image,
                    status: text(command, "status").to_owned(),
                    mobile_number: text(command, "mobileNumber").to_owned(),
                    email: text(command, "email").to_owned(),
                })
                .await?;
            stored_image(stored)
        }
        "set_profile_image" => {
            stored_image(session.set_profile_image(media::image(command)?).await?)
        }
        "last_seen" => json!(session.last_seen(&user()?).await?.seconds),
        "block" => json!(session.block(&user()?).await?),
        "unblock" => json!(session.unblock(&user()?).await?),
        "blocked" => addresses(session.blocked().await?.into_entries()),
        "blocked_by" => addresses(session.blocked_by().await?.into_entries()),
        "feedback" => {
            let (title, description) = (text(command, "title"), text(command, "description"));
            json!(session.send_feedback(title, description).await?)
        }
        "report" => {
            let messages: Vec<ReportedMessage> =
                serde_json::from_value(command["messages"].clone())?;
            match text(command, "group") {
                "" => session.report_user(&user()?, &messages).await?,
                group => {
                    let group = GroupJid::new(&format!("{group}@mix.{host}"))?;
                    session.report_group(&group, &messages).await?;
                }
            }
            Value::Null
        }
        "friends" => session.friends().await?.official(),
        "announce_registration" => json!(session.announce_registration().await?),
        "sync_contacts" => {
            let identifier = UserIdentifier::new(text(command, "user"))?;
            json!(session.sync_contacts(&identifier).await?)
        }
        "user_list" => {
            let number = |name: &str| command[name].as_u64().and_then(|n| u32::try_from(n).ok());
            let (page, size) = (number("page").unwrap_or(1), number("size").unwrap_or(20));
            let mut request = session.user_list().page(page, size)?;
            if let Some(name) = command["name"].as_str() {
                request = request.name(name);
            }
            if let Some(values) = command["values"].as_array() {
                let values = values.iter().filter_map(Value::as_str);
                request = request.metadata(text(command, "key"), values)?;
            }
            let list = request.await?;
            let users: Value = list.users.iter().map(|user| user.profile.official()).collect();
            json!({"totalPages": list.total_pages, "totalUsers": list.total_users, "users": users})
        }
        "metadata" => json!(session.metadata().await?),
        "update_metadata" => {
            let mut metadata = Metadata::new();
            for (name, value) in command["metadata"].as_object().into_iter().flatten() {
                metadata.insert(name, value.as_str().unwrap_or_default())?;
            }
            json!(session.update_metadata(&metadata).await?)
        }
        "settings" => json!(session.settings().await?.archive),
        "update_settings" => json!(session.update_settings(command["archive"] == true).await?),
        "user_token" => json!(session.user_token().await.map(drop)?),
        "set_media_encryption" => json!(session.set_media_encryption(command["on"] == true)),
        "upload_media" => media::upload(session, command).await?,
        "download_media" => media::download(session, command).await?,
        "end_qr_session" => json!(session.end_qr_session(text(command, "socketId")).await?),
        "logout" => json!(session.logout().await?.server_told),
        "delete_account" => {
            let feedback = command["feedback"].as_str();
            json!(session.delete_account(text(command, "reason"), feedback).await?)
        }
        "close" => json!(session.close().await),
        _ => return Err(Failure::text("there is no such command to a client")),
    })
}
