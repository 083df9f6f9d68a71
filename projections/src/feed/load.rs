//! stub
use super::*;
use crate::*;
use openchat_domain::*;
/// s
pub async fn agent(_d: &impl Db, _t: BusinessId, _a: AgentId) -> Result<Option<AgentSnapshot>, QueryError> {
    Ok(None)
}
/// s
pub async fn customer(
    _d: &impl Db,
    _t: BusinessId,
    _a: CustomerId,
) -> Result<Option<CustomerSnapshot>, QueryError> {
    Ok(None)
}
/// s
pub async fn scope(_d: &impl Db, _t: BusinessId, a: CustomerId) -> Result<CustomerScope, QueryError> {
    Ok(CustomerScope::new(a, []))
}
/// s
pub async fn queue(_d: &impl Db, _t: BusinessId) -> Result<QueueOrder, QueryError> {
    Ok(QueueOrder::default())
}
