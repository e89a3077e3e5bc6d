//! The plan of the licence, and the life of tokens.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::JsonBody;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use mfly_api::Feature;
use mfly_api::feature::Features;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

/// The plan of the licence.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// Every feature by its name on the wire, with whether the plan has it.
    #[schema(value_type = BTreeMap<String, bool>)]
    features: Features,
    /// How many devices an account may have registered at a time.
    session_limit: usize,
    /// How long a REST token is valid, in milliseconds.
    token_lifetime_ms: u64,
    /// Whether the licence is a trial. It cannot be changed while the server runs.
    trial: bool,
}

/// Changes of the plan. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PlanChanges {
    /// Features to add to the plan or to remove from it, by their names on the wire.
    #[serde(default)]
    features: BTreeMap<String, bool>,
    /// How many devices an account may have registered at a time.
    #[schema(minimum = 1, maximum = 1_000_000)]
    session_limit: Option<usize>,
    /// How long tokens are valid that are issued from now on, in milliseconds.
    #[schema(minimum = 1000, maximum = 315_360_000_000_u64)]
    token_lifetime_ms: Option<u64>,
}

/// Reads the plan.
#[utoipa::path(get, path = "/plan", tag = "plan", responses((status = 200, body = Plan)))]
pub(crate) async fn plan(State(control): State<Control>) -> Json<Plan> {
    reading(&control)
}

/// Changes the plan. Clients see the features in their next configuration.
#[utoipa::path(patch, path = "/plan", tag = "plan", request_body = PlanChanges,
    responses((status = 200, body = Plan), (status = 400, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn change_plan(
    State(control): State<Control>,
    JsonBody(changes): JsonBody<PlanChanges>,
) -> ControlResult<Json<Plan>> {
    let mut features = Vec::new();
    for (name, is_on) in &changes.features {
        let unknown = || {
            let names: Vec<_> = Feature::ALL.iter().map(|feature| feature.wire_name()).collect();
            let message = format!("there is no such feature; they are {}", names.join(", "));
            ControlError::invalid(&format!("features.{name}"), message)
        };
        features.push((Feature::from_wire_name(name).ok_or_else(unknown)?, *is_on));
    }
    if changes.session_limit.is_some_and(|limit| !(1..=1_000_000).contains(&limit)) {
        return Err(ControlError::invalid("sessionLimit", "must be 1 to 1,000,000"));
    }
    if changes.token_lifetime_ms.is_some_and(|ms| !(1000..=315_360_000_000).contains(&ms)) {
        return Err(ControlError::invalid("tokenLifetimeMs", "must be a second to ten years"));
    }
    control.state().with_core(|core, _| {
        let settings = &mut core.world_mut().settings;
        for (feature, is_on) in features {
            settings.features = settings.features.with(feature, is_on);
        }
        settings.session_limit = changes.session_limit.unwrap_or(settings.session_limit);
        if let Some(lifetime) = changes.token_lifetime_ms {
            settings.token_lifetime = Duration::from_millis(lifetime);
        }
    });
    Ok(reading(&control))
}

/// Makes the tokens of all users expire now.
#[utoipa::path(post, path = "/tokens/expire", tag = "plan", responses((status = 204)))]
pub(crate) async fn expire_tokens(State(control): State<Control>) -> StatusCode {
    control.state().tokens.expire_all();
    StatusCode::NO_CONTENT
}

fn reading(control: &Control) -> Json<Plan> {
    control.state().read_core(|core| {
        let settings = &core.world().settings;
        let lifetime = settings.token_lifetime.as_millis();
        Json(Plan {
            features: settings.features,
            session_limit: settings.session_limit,
            token_lifetime_ms: u64::try_from(lifetime).unwrap_or(u64::MAX),
            trial: settings.trial,
        })
    })
}
