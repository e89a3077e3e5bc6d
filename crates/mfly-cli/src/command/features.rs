//! `mfly features`: what the plan includes.

use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use mfly_client::{Feature, Features};
use serde_json::{Value, json};

/// What the plan includes.
#[derive(Args, Debug)]
pub(crate) struct FeaturesArgs {}

impl Operation for FeaturesArgs {
    fn name(&self) -> &'static str {
        "getAvailableFeatures"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let features = context.in_session(async |session| Ok(session.features())).await?;
        let included = |feature: &Feature| {
            if features.contains(*feature) { "yes" } else { "no" }
        };
        let rows: Vec<_> = Feature::ALL
            .iter()
            .map(|feature| (feature.wire_name(), included(feature).to_owned()))
            .collect();
        Ok(Report::table(&rows, official(features)))
    }
}

/// The official SDK's result.
pub(crate) fn official(features: Features) -> Value {
    Feature::ALL
        .iter()
        .map(|feature| (feature.official_name().to_owned(), json!(features.contains(*feature))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
