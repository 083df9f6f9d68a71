//! What a customer answers to a command: a function per command, from the state to events or a refusal.

use super::{Customer, CustomerCommand, CustomerEvent, CustomerRefusal, Profile, ProfileChanges};
use crate::{CustomerId, ExternalUserId, Metadata, given::unless_same};

type Decision = Result<Vec<CustomerEvent>, CustomerRefusal>;

pub(super) fn decide(state: &Customer, command: &CustomerCommand) -> Decision {
    use CustomerCommand as C;
    match command {
        C::Upsert { external_user_id, profile } => upsert(state, external_user_id, profile),
        C::Arrive { profile } => arrive(state, profile),
        C::ChangeProfile { changes } => change_profile(state, changes),
        C::Merge { visitor, into } => merge(state, *visitor, *into),
    }
}

fn upsert(state: &Customer, named: &ExternalUserId, said: &ProfileChanges) -> Decision {
    match state {
        Customer::Unknown => {
            let (external_user_id, profile) = (named.clone(), begun(said)?);
            Ok(vec![CustomerEvent::Registered { external_user_id, profile }])
        }
        Customer::Known { external_user_id, profile } if external_user_id == named => changed(profile, said),
        Customer::Known { .. } | Customer::Anonymous { .. } => Err(CustomerRefusal::AlreadyExists),
        Customer::Merged { into } => Err(CustomerRefusal::Merged { into: *into }),
    }
}

fn arrive(state: &Customer, said: &ProfileChanges) -> Decision {
    match state {
        Customer::Unknown => Ok(vec![CustomerEvent::VisitorArrived { profile: begun(said)? }]),
        Customer::Anonymous { .. } => Ok(vec![]),
        Customer::Known { .. } => Err(CustomerRefusal::AlreadyExists),
        Customer::Merged { into } => Err(CustomerRefusal::Merged { into: *into }),
    }
}

fn change_profile(state: &Customer, changes: &ProfileChanges) -> Decision {
    match state {
        Customer::Unknown => Err(CustomerRefusal::NotFound),
        Customer::Known { profile, .. } | Customer::Anonymous { profile } => changed(profile, changes),
        Customer::Merged { into } => Err(CustomerRefusal::Merged { into: *into }),
    }
}

fn merge(state: &Customer, visitor: CustomerId, into: CustomerId) -> Decision {
    match state {
        Customer::Unknown => Err(CustomerRefusal::NotFound),
        Customer::Known { .. } => Err(CustomerRefusal::NotAnonymous),
        // Merged into itself it would be nobody.
        Customer::Anonymous { .. } if visitor == into => Err(CustomerRefusal::NotAnonymous),
        Customer::Anonymous { .. } => Ok(vec![CustomerEvent::Merged { into }]),
        Customer::Merged { into: before } if *before == into => Ok(vec![]),
        Customer::Merged { into } => Err(CustomerRefusal::Merged { into: *into }),
    }
}

fn begun(said: &ProfileChanges) -> Result<Profile, CustomerRefusal> {
    within_limits(Profile::default().changed(said))
}

fn changed(profile: &Profile, wanted: &ProfileChanges) -> Decision {
    let changes = real_changes(profile, wanted);
    if changes == ProfileChanges::default() {
        return Ok(vec![]);
    }
    within_limits(profile.changed(&changes))?;
    Ok(vec![CustomerEvent::ProfileChanged { changes }])
}

fn real_changes(profile: &Profile, wanted: &ProfileChanges) -> ProfileChanges {
    ProfileChanges {
        name: unless_same(&profile.name, wanted.name.as_ref()),
        email: unless_same(&profile.email, wanted.email.as_ref()),
        phone: unless_same(&profile.phone, wanted.phone.as_ref()),
        metadata: wanted.metadata.as_ref().and_then(|wanted| profile.metadata.real_changes(wanted)),
    }
}

fn within_limits(profile: Profile) -> Result<Profile, CustomerRefusal> {
    if profile.metadata.values().len() > Metadata::MAX_KEYS {
        return Err(CustomerRefusal::TooMuchMetadata { max: Metadata::MAX_KEYS });
    }
    Ok(profile)
}
