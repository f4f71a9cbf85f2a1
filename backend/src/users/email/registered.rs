//! The response to a new account, whose status says whether its address has to be confirmed first.

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{Operation, Response as Documented},
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use shared::users::User;

use crate::http::extract::{Created, Json};

/// 201, or 202 for an account that waits for the confirmation of its address.
pub struct Registered(pub User);

impl IntoResponse for Registered {
    fn into_response(self) -> Response {
        let Self(user) = self;
        let is_accepted = user.is_pending && user.email.is_some();
        let status = if is_accepted { StatusCode::ACCEPTED } else { StatusCode::CREATED };
        (status, Json(user)).into_response()
    }
}

impl OperationOutput for Registered {
    type Inner = User;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        Created::<User>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        let responses = [201, 202].map(|status| {
            let response = Self::operation_response(ctx, operation);
            response.map(|response| (Some(status), response))
        });
        responses.into_iter().flatten().collect()
    }
}
