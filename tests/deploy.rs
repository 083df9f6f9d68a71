//! What `deploy/` shows: the load balancer, the settings, and the guide's commands, as they stand there.

mod backup;
mod balancer;
mod settings;
