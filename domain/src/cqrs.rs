//! The aggregates as cqrs-es knows them, for its test framework and for postgres-es, the log's second reader.

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};

use crate::{
    Decider, EventType,
    agent::{Agent, AgentEvent},
    business::{Business, BusinessEvent},
    conversation::{Conversation, ConversationEvent},
    customer::{Customer, CustomerEvent},
};

macro_rules! adapt {
    ($($state:ident, $event:ident;)+) => {$(
        impl Aggregate for $state {
            const TYPE: &'static str = <Self as Decider>::TYPE;
            type Command = <Self as Decider>::Command;
            type Event = <Self as Decider>::Event;
            type Error = <Self as Decider>::Refusal;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                (): &(),
                sink: &EventSink<Self>,
            ) -> Result<(), Self::Error> {
                // All is decided before anything is written: writing an event also applies it.
                for event in self.decide(&command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                self.evolve(&event);
            }
        }

        impl DomainEvent for $event {
            fn event_type(&self) -> String {
                EventType::event_type(self).to_owned()
            }

            fn event_version(&self) -> String {
                EventType::event_version(self).to_string()
            }
        }
    )+};
}

adapt! {
    Conversation, ConversationEvent;
    Customer, CustomerEvent;
    Agent, AgentEvent;
    Business, BusinessEvent;
}
