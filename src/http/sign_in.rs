//! Becoming a signed-in person, and stopping to be one.

use actix_web::{HttpRequest, get, post, web::Data};
use openchat_domain::{
    Actor, CommandId, Email, Name, Via,
    agent::{Agent, AgentCommand, Role},
};
use openchat_projections::{
    agents::{self, AgentView},
    settings::{self, BusinessIdentity},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Body, Person, Problem, Reply,
    by_session::{COOKIE, cookie, no_cookie},
    input::input,
    limits::Allowance,
    reply::settle,
};
use crate::{
    accounts::{Invited, Password, SignUpRefusal, Token, User},
    app::App,
    store::{Context, Executed},
};

input! {
    /// Who signs up.
    #[schema(example = json!({
        "name": "Olivia Owner", "email": "olivia@acme.com", "password": "correct horse battery staple"
    }))]
    closed struct SignUp {
        /// The person's name.
        name: Name,
        /// The address to sign in with.
        email: Email,
        /// The password.
        password: Password,
    }
}

input! {
    /// Who signs in.
    #[schema(example = json!({"email": "olivia@acme.com", "password": "correct horse battery staple"}))]
    closed struct SignIn {
        /// The address.
        email: Email,
        /// The password.
        password: Password,
    }
}

input! {
    /// Who accepts an invitation.
    #[schema(example = json!({
        "token": "4KQv2cN0f8sX1bW7mZ3rT6yH9jL5pD0aG2eU8iO4kQv", "password": "correct horse battery staple"
    }))]
    closed struct AcceptInvite {
        /// The last part of the invitation's link.
        #[schema(max_length = 200, pattern = r"^[^\x00]*$")]
        token: String,
        /// The person's name, when it isn't the invitation's.
        name: Option<Name>,
        /// A password for the new account, or the password of the account that already has the address.
        password: Password,
    }
}

/// A signed-in person and its place on a team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user": {"id": "usr_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Olivia Owner", "email": "olivia@acme.com"},
    "business": null, "agent": null, "role": null
}))]
struct Me {
    /// The person.
    user: User,
    /// The business on whose team it is.
    business: Option<BusinessIdentity>,
    /// Which agent of the team it is.
    agent: Option<AgentView>,
    /// What it may do there.
    role: Option<Role>,
}

/// That it is done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"success": true}))]
pub(super) struct Done {
    /// Always `true`.
    success: bool,
}

impl Done {
    pub(super) const DONE: Self = Self { success: true };
}

/// Make an account.
///
/// The person is signed in by it, and on no team yet.
#[utoipa::path(operation_id = "signUp", tag = "Business", request_body = SignUp, responses(
    (status = 201, description = "The account; the cookie `oc_session` is set.", body = Me),
    (status = 409, description = "email_taken: There already is an account with this e-mail address."),
    (status = 429, description = "rate_limited: Too many attempts to sign in to this account; wait a moment."),
))]
#[post("/sign-up")]
pub(super) async fn sign_up(
    Body(new): Body<SignUp>,
    request: HttpRequest,
    app: Data<App>,
) -> Result<Reply<Me>, Problem> {
    let allowance = count_attempt(&app, &new.email)?;
    let user = app.accounts.sign_up(&new.name, &new.email, new.password).await?;
    let token = begin(&app, &request, &user).await?;
    let me = Me { user, business: None, agent: None, role: None };
    Ok(Reply::created(me).cookie(cookie(&app, token.reveal())).allowance(allowance))
}

/// Sign in.
///
/// The session that the cookie held before, if any, ends.
#[utoipa::path(operation_id = "signIn", tag = "Business", request_body = SignIn, responses(
    (status = 200, description = "Who signed in; the cookie `oc_session` is set.", body = Me),
    (status = 401, description = "wrong_credentials: The e-mail address or the password is wrong."),
    (status = 429, description = "rate_limited: Too many attempts to sign in to this account; wait a moment."),
))]
#[post("/sign-in")]
pub(super) async fn sign_in(
    Body(given): Body<SignIn>,
    request: HttpRequest,
    app: Data<App>,
) -> Result<Reply<Me>, Problem> {
    let allowance = count_attempt(&app, &given.email)?;
    let user = app.accounts.sign_in(&given.email, given.password).await?;
    let user = user.ok_or_else(|| wrong_credentials().allowance(allowance))?;
    let token = begin(&app, &request, &user).await?;
    Ok(Reply::ok(me(&app, &token).await?).cookie(cookie(&app, token.reveal())).allowance(allowance))
}

/// Sign out.
///
/// Also says so to who isn't signed in.
#[utoipa::path(operation_id = "signOut", tag = "Business", responses(
    (status = 200, description = "The session has ended; the cookie is taken away.", body = Done),
))]
#[post("/sign-out")]
pub(super) async fn sign_out(request: HttpRequest, app: Data<App>) -> Result<Reply<Done>, Problem> {
    end_previous(&app, &request).await?;
    Ok(Reply::ok(Done::DONE).cookie(no_cookie(&app)))
}

/// Who is signed in.
///
/// Renews the cookie, so that who comes regularly stays signed in.
#[utoipa::path(operation_id = "getAccount", tag = "Business", security(("session" = [])), responses(
    (status = 200, description = "The person, and its place on a team.", body = Me),
))]
#[get("/me")]
pub(super) async fn get_me(_: Person, request: HttpRequest, app: Data<App>) -> Result<Reply<Me>, Problem> {
    let token = sent_token(&request).ok_or_else(wrong_credentials)?;
    Ok(Reply::ok(me(&app, &token).await?).cookie(cookie(&app, token.reveal())))
}

/// Join a team by invitation.
///
/// Makes the account, unless there is one with the invited address: then its password is asked for.
#[utoipa::path(operation_id = "acceptInvite", tag = "Business", request_body = AcceptInvite, responses(
    (status = 200, description = "Who joined; the cookie `oc_session` is set.", body = Me),
    (status = 401, description = "wrong_credentials: The e-mail address or the password is wrong."),
    (status = 404, description = "invite_not_found: This invitation has expired, was used, or never was."),
    (status = 409, description =
        "other_team: This person is already on another business's team.\n\
         agent_deactivated: This agent is no longer on the team."),
    (status = 429, description = "rate_limited: Too many attempts to sign in to this account; wait a moment."),
))]
#[post("/accept-invite")]
pub(super) async fn accept_invite(
    Body(given): Body<AcceptInvite>,
    request: HttpRequest,
    app: Data<App>,
) -> Result<Reply<Me>, Problem> {
    let invited = match Token::parse(&given.token) {
        Some(token) => app.accounts.invited(&token).await?,
        None => None,
    };
    let invited = invited.ok_or_else(|| {
        Problem::not_found("invite_not_found", "This invitation has expired, was used, or never was.")
    })?;
    let allowance = count_attempt(&app, &invited.email)?;
    let user = invited_user(&app, &invited, given.name.as_ref(), given.password).await?;
    if !app.accounts.join(user.id, invited.tenant, invited.agent).await? {
        return Err(other_team());
    }
    let token = begin(&app, &request, &user).await?;
    let joined = join(&app, &invited, &user, given.name, &token).await?;
    app.accounts.accepted(&invited).await?;
    settle(&app, invited.tenant, joined.position).await;
    app.accounts.forget_people();
    let me = me(&app, &token).await?;
    Ok(Reply::ok(me).at(joined.position).cookie(cookie(&app, token.reveal())).allowance(allowance))
}

/// Records that the invited person is on the team; a second time this does nothing.
async fn join(
    app: &App,
    invited: &Invited,
    user: &User,
    name: Option<Name>,
    token: &Token,
) -> Result<Executed, Problem> {
    let session = app.accounts.session(token).await?.ok_or_else(wrong_credentials)?;
    let once = CommandId::derive(invited.tenant, &["join", &invited.agent.to_string()]);
    let context = Context {
        actor: Actor::User(user.id),
        via: Via::Session(session.id),
        request_id: Some(super::envelope::request_id()),
        ..Context::system(invited.tenant, "invitation")
    };
    let command = AgentCommand::Join { user: user.id, email: user.email.clone(), name };
    Ok(app.aggregates.execute::<Agent>(&context.once(once), invited.agent, &command).await?)
}

/// The account with the invited address: a new one, or the one that there is when the password is its own.
async fn invited_user(
    app: &App,
    invited: &Invited,
    name: Option<&Name>,
    password: Password,
) -> Result<User, Problem> {
    let invited_as = match app.aggregates.state::<Agent>(invited.tenant, invited.agent).await? {
        Agent::Invited { member, .. } | Agent::Joined { member, .. } => member.name,
        Agent::Unknown | Agent::Deactivated => {
            return Err(Problem::conflict("agent_deactivated", "This agent is no longer on the team."));
        }
    };
    let name = name.unwrap_or(&invited_as);
    match app.accounts.sign_up(name, &invited.email, password.clone()).await {
        Err(SignUpRefusal::EmailTaken) => {
            app.accounts.sign_in(&invited.email, password).await?.ok_or_else(wrong_credentials)
        }
        signed_up => Ok(signed_up?),
    }
}

/// Begins a session and ends the one before: nobody can plant a session that a person then signs in to.
async fn begin(app: &App, request: &HttpRequest, user: &User) -> Result<Token, Problem> {
    end_previous(app, request).await?;
    Ok(app.accounts.begin_session(user.id).await?)
}

async fn end_previous(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    if let Some(token) = sent_token(request)
        && let Some(session) = app.accounts.session(&token).await?
    {
        app.accounts.end_session(session.id).await?;
    }
    Ok(())
}

fn sent_token(request: &HttpRequest) -> Option<Token> {
    Token::parse(request.cookie(COOKIE)?.value())
}

async fn me(app: &App, token: &Token) -> Result<Me, Problem> {
    let session = app.accounts.session(token).await?.ok_or_else(wrong_credentials)?;
    let user = session.user.clone();
    let Some(member) = &session.member else {
        return Ok(Me { user, business: None, agent: None, role: None });
    };
    let db = app.pools.tenant(member.tenant).await?;
    let business = settings::get(&db, member.tenant).await?.map(|it| it.business);
    let agent = agents::get(&db, member.tenant, member.agent).await?;
    Ok(Me { user, business, agent, role: Some(member.role) })
}

/// Counts against the account, whoever tries and from wherever.
fn count_attempt(app: &App, email: &Email) -> Result<Allowance, Problem> {
    let (allowance, checked) = app.edge.limiters.sign_ins.check(&email.as_str().to_ascii_lowercase());
    checked.map(|()| allowance).map_err(|problem| problem.allowance(allowance))
}

fn wrong_credentials() -> Problem {
    Problem::unauthorized("wrong_credentials", "The e-mail address or the password is wrong.")
}

pub(super) fn other_team() -> Problem {
    Problem::conflict("other_team", "This person is already on another business's team.")
}

impl From<SignUpRefusal> for Problem {
    fn from(refusal: SignUpRefusal) -> Self {
        match refusal {
            SignUpRefusal::EmailTaken => Self::conflict("email_taken", refusal.to_string()),
            SignUpRefusal::Failed(error) => error.into(),
        }
    }
}
