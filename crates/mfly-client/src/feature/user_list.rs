//! The directory of users, page by page.
//!
//! `GET /contacts/userList?name=…&page=1&size=30&metadataKey=&metadataValues=`. Wire form:
//! [`mfly_api::endpoint::user_list`]. Official name: `getUsersList`.

use crate::error::Result;
use crate::model::profile::Profile;
use crate::session::Session;
use mfly_api::MetaValue;
use mfly_api::endpoint::user_list;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::listed::Listed;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// A page of users that is about to be asked for; await it.
#[derive(Debug)]
#[must_use = "await it"]
pub struct UserListRequest<'a> {
    session: &'a Session,
    request: user_list::Request,
}

/// A page of users.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserList {
    /// The users, and what of the server's list names no user.
    pub users: Listed<ListedUser>,
    /// How many pages there are.
    pub total_pages: u64,
    /// How many users there are in all pages.
    pub total_users: u64,
}

/// A user in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedUser {
    /// The profile of the user.
    pub profile: Profile,
    /// Whether the own account has muted the user.
    pub is_muted: bool,
}

impl Session {
    /// The first 30 users of the directory, unless the request says otherwise.
    ///
    /// ```
    /// # async fn look(session: &mfly_client::Session) -> mfly_client::Result<()> {
    /// let page = session.user_list().name("ali").page(2, 50)?.await?;
    /// println!("{} of {}", page.users.len(), page.total_users);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "getUsersList")]
    pub fn user_list(&self) -> UserListRequest<'_> {
        let request = user_list::Request::new(self.context().profile_iv().clone());
        UserListRequest { session: self, request }
    }
}

impl UserListRequest<'_> {
    /// Only users whose name contains `name`.
    pub fn name(mut self, name: &str) -> Self {
        self.request = self.request.name(name);
        self
    }

    /// Another page, counted from 1, of `size` users.
    ///
    /// # Errors
    /// When either is 0.
    pub fn page(mut self, page: u32, size: u32) -> Result<Self, InvalidArgument> {
        self.request = self.request.page(page, size)?;
        Ok(self)
    }

    /// Only users whose metadata has one of `values` under `key`.
    ///
    /// # Errors
    /// When the key is empty, or there is no value that can be sent.
    pub fn metadata<V: Into<MetaValue>>(
        mut self,
        key: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidArgument> {
        self.request = self.request.filter(key, values)?;
        Ok(self)
    }
}

impl<'a> IntoFuture for UserListRequest<'a> {
    type Output = Result<UserList>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<UserList>> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let page = self.session.send(&self.request).await?;
            let user = |user: user_list::User| ListedUser {
                profile: Profile::from_api(user.profile),
                is_muted: user.is_muted,
            };
            Ok(UserList {
                users: page.users.map(user),
                total_pages: page.total_pages,
                total_users: page.total_users,
            })
        })
    }
}
