//! The server's time: reading it, moving it forward, stopping it.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::JsonBody;
use crate::clock::Clock;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Largest step of the clock, in milliseconds: ten years.
const LARGEST_STEP: u64 = 10 * 365 * 24 * 3600 * 1000;

/// The server's time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClockReading {
    /// The server's time, in milliseconds since 1970-01-01 00:00 UTC.
    now_ms: u64,
    /// Whether the clock stands still.
    frozen: bool,
    /// How far the clock was moved forward, in milliseconds.
    ahead_ms: u64,
}

/// A step of the clock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Advance {
    /// How far the clock moves, in milliseconds; at most ten years.
    #[schema(minimum = 0, maximum = 315_360_000_000_u64)]
    by_ms: u64,
}

/// Reads the clock.
#[utoipa::path(get, path = "/clock", tag = "clock", responses((status = 200, body = ClockReading)))]
pub(crate) async fn read(State(control): State<Control>) -> Json<ClockReading> {
    reading(&control)
}

/// Moves the clock forward. Tokens, codes and deadlines that end meanwhile end at once.
#[utoipa::path(post, path = "/clock/advance", tag = "clock", request_body = Advance,
    responses((status = 200, body = ClockReading), (status = 400, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn advance(
    State(control): State<Control>,
    JsonBody(step): JsonBody<Advance>,
) -> ControlResult<Json<ClockReading>> {
    if step.by_ms > LARGEST_STEP {
        return Err(ControlError::invalid("byMs", "must be at most ten years"));
    }
    let by = Duration::from_millis(step.by_ms);
    control.state().set_clock(|clock| clock.advance(by));
    crate::signalling::advance(control.state(), by);
    Ok(reading(&control))
}

/// Stops the clock. Nothing expires until it is advanced or resumed.
#[utoipa::path(post, path = "/clock/freeze", tag = "clock", responses((status = 200, body = ClockReading)))]
pub(crate) async fn freeze(State(control): State<Control>) -> Json<ClockReading> {
    control.state().set_clock(Clock::freeze);
    reading(&control)
}

/// Lets a frozen clock go on.
#[utoipa::path(post, path = "/clock/resume", tag = "clock", responses((status = 200, body = ClockReading)))]
pub(crate) async fn resume(State(control): State<Control>) -> Json<ClockReading> {
    control.state().set_clock(Clock::resume);
    reading(&control)
}

fn reading(control: &Control) -> Json<ClockReading> {
    let clock = &control.state().clock;
    let ahead_ms = u64::try_from(clock.ahead().as_millis()).unwrap_or(u64::MAX);
    Json(ClockReading { now_ms: clock.now().0, frozen: clock.is_frozen(), ahead_ms })
}
