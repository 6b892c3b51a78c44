//! The mixin that keeps who is there, once for each kind of those who may.

/// The same mixin for those who are authenticated, and for everyone.
macro_rules! presence {
    ($(#[$doc:meta])* $([$who:ident])?) => {
        /// Somebody came: their first connection.
        #[event($($who)?)]
        #[derive(PartialEq)]
        pub struct Joined {
            /// Who.
            pub member: Member,
            /// How many are there now.
            pub count: u32,
        }

        /// Somebody left: their last connection is gone.
        #[event($($who)?)]
        #[derive(PartialEq)]
        pub struct Left {
            /// Who.
            pub name: String,
            /// How many are there now.
            pub count: u32,
        }

        /// Somebody says something else of themselves, came by one more connection, has become idle, or is no more.
        #[event($($who)?)]
        #[derive(PartialEq)]
        pub struct Changed {
            /// Who.
            pub member: Member,
        }

        /// Somebody types, or has stopped. It holds until it is said again, or for five seconds.
        #[event($($who)?)]
        #[derive(PartialEq)]
        pub struct Typing {
            /// Who.
            pub name: String,
            /// Whether they do.
            pub active: bool,
            /// Until when, if they say no more.
            pub until: Timestamp,
        }

        $(#[$doc])*
        #[mixin(events(Joined, Left, Changed, Typing))]
        #[derive(Debug)]
        pub struct Presence {
            #[transient]
            patience: Patience,
        }

        #[mixin]
        impl Presence {
            /// Enters by this connection; answers who is there. Entering again says something else of oneself.
            ///
            /// `name` is for callers without a subject; others are known by theirs. `metadata` is any JSON of up to 2 KiB
            /// that others see.
            #[action($($who)?)]
            pub fn enter(
                &mut self,
                cx: &mut Context<Self>,
                name: Option<String>,
                metadata: Option<Value>,
            ) -> Result<Vec<Member>, PresenceError> {
                let mut connection = cx.connection().ok_or(PresenceError::NeedsConnection)?;
                let subject = Some(cx.caller().subject()).filter(|subject| !subject.is_empty());
                let name = subject.map(str::to_owned).or(name).unwrap_or_default();
                if !(1..=100).contains(&name.chars().count()) {
                    return Err(PresenceError::NeedsName);
                }
                let metadata = metadata.unwrap_or_default();
                check(&metadata)?;
                let before = connection.state::<Guest>();
                let was_there = self.list(cx).iter().any(|member| member.name == name);
                let (now, since) = (cx.now(), before.as_ref().map(|guest| guest.since));
                let guest = Guest {
                    name: name.clone(),
                    metadata,
                    since: since.unwrap_or(now),
                    active: now,
                    typing_until: None,
                    told_idle: false,
                };
                connection.set_state(cx, &Some(guest));
                self.recall(cx, &name);
                self.watch(cx);
                if let Some(before) = before.filter(|before| before.name != name) {
                    self.tell_left(cx, before.name);
                }
                let there = self.list(cx);
                if let Some(member) = there.iter().find(|member| member.name == name).cloned() {
                    if was_there {
                        cx.broadcast(Changed { member });
                    } else {
                        let count = count(&there);
                        cx.broadcast(Joined { member, count });
                    }
                }
                Ok(there)
            }

            /// Who is there, in the order they came; each once, however many connections they have.
            #[action($($who)?)]
            pub fn list(&self, cx: &Context<Self>) -> Vec<Member> {
                members(&cx.connections(), cx.now(), &self.patience)
            }

            /// How many are there.
            #[action($($who)?)]
            pub fn count(&self, cx: &Context<Self>) -> u32 {
                count(&self.list(cx))
            }

            /// Tells the others that the caller types, or has stopped. Say it again while it lasts: it is over after five
            /// seconds.
            #[action($($who)?)]
            pub fn typing(
                &mut self,
                cx: &mut Context<Self>,
                active: bool,
            ) -> Result<(), PresenceError> {
                self.stir(cx);
                let (mut connection, mut guest) = here(cx)?;
                let until = cx.now() + TYPING;
                guest.active = cx.now();
                guest.typing_until = active.then_some(until);
                connection.set_state(cx, &Some(&guest));
                let name = guest.name;
                cx.broadcast(Typing { name, active, until }).except(connection.id());
                Ok(())
            }

            /// Says that the caller is not idle, as every other command does that they call by a connection.
            #[action($($who)?)]
            pub fn active(&mut self, cx: &mut Context<Self>) -> Result<(), PresenceError> {
                here(cx)?;
                self.stir(cx);
                Ok(())
            }

            /// Leaves, and stays connected.
            #[action($($who)?)]
            pub fn leave(&mut self, cx: &mut Context<Self>) -> Result<(), PresenceError> {
                let (mut connection, guest) = here(cx)?;
                connection.set_state(cx, &None::<Guest>);
                self.tell_left(cx, guest.name);
                Ok(())
            }

            /// Who uses the connection whose call runs, if they have entered.
            pub fn me(&self, cx: &Context<Self>) -> Option<Member> {
                let guest = cx.connection()?.state::<Guest>()?;
                self.list(cx).into_iter().find(|member| member.name == guest.name)
            }

            #[event(disconnect)]
            fn gone(&mut self, cx: &mut Context<Self>, gone: Disconnect) {
                if let Some(guest) = gone.connection.state::<Guest>() {
                    self.tell_left(cx, guest.name);
                }
            }

            #[event(Executed)]
            fn acted(&mut self, cx: &mut Context<Self>, _executed: Executed) {
                self.stir(cx);
            }

            #[event(alarm)]
            fn look(&mut self, cx: &mut Context<Self>) {
                let (now, connections) = (cx.now(), cx.connections());
                let (idle, next) = silent(&connections, now, &self.patience);
                for mut connection in connections {
                    if let Some(mut guest) = connection.state::<Guest>().filter(|guest| idle.contains(&guest.name)) {
                        guest.told_idle = true;
                        connection.set_state(cx, &Some(guest));
                    }
                }
                if !idle.is_empty() {
                    for member in self.list(cx).into_iter().filter(|member| idle.contains(&member.name)) {
                        cx.broadcast(Changed { member });
                    }
                }
                if let Some(next) = next {
                    cx.set_alarm(next.max(now + self.patience.0 / SPACES));
                }
            }
        }

        impl Presence {
            /// Has members become idle after so long instead of [five minutes](crate::mixins::presence::IDLE), at least a second. It is kept in memory: say it in `start`.
            ///
            /// ```
            /// use stayput::mixins::Presence;
            /// use stayput::prelude::*;
            ///
            /// #[durable_object]
            /// struct Room { #[mixin] presence: Presence }
            ///
            /// #[durable_object]
            /// impl Room {
            ///     #[event(start)]
            ///     fn start(&mut self) { self.presence.idle_after(seconds(90)); }
            /// }
            /// # fn main() {}
            /// ```
            pub fn idle_after(&mut self, silence: Duration) {
                self.patience = Patience(silence.max(GRAIN));
            }

            /// Notes that the caller did something, and tells the others if they took them for idle.
            fn stir(&mut self, cx: &mut Context<Self>) {
                let Some(mut connection) = cx.connection() else { return };
                let Some(mut guest) = connection.state::<Guest>() else { return };
                let (now, was_idle, name) = (cx.now(), guest.told_idle, guest.name.clone());
                if !was_idle && guest.active + GRAIN > now {
                    return;
                }
                guest.active = now;
                connection.set_state(cx, &Some(guest));
                if was_idle {
                    self.recall(cx, &name);
                    self.watch(cx);
                    if let Some(member) = self.list(cx).into_iter().find(|member| member.name == name) {
                        cx.broadcast(Changed { member });
                    }
                }
            }

            /// Forgets that the others were told that somebody is idle.
            fn recall(&self, cx: &mut Context<Self>, name: &str) {
                for mut connection in cx.connections() {
                    let told = |guest: &Guest| guest.told_idle && guest.name == name;
                    if let Some(mut guest) = connection.state::<Guest>().filter(told) {
                        guest.told_idle = false;
                        connection.set_state(cx, &Some(guest));
                    }
                }
            }

            /// Has the alarm go off when the next one may be idle. One that is set goes off before that.
            fn watch(&self, cx: &mut Context<Self>) {
                if cx.alarm().is_none() {
                    cx.set_alarm(cx.now() + self.patience.0);
                }
            }

            /// Unless they are there by another connection.
            fn tell_left(&self, cx: &mut Context<Self>, name: String) {
                let there = self.list(cx);
                if there.is_empty() && cx.alarm().is_some() {
                    cx.delete_alarm();
                }
                if there.iter().all(|member| member.name != name) {
                    let count = count(&there);
                    cx.broadcast(Left { name, count });
                }
            }
        }

        /// The connection whose call runs, and who uses it.
        fn here(cx: &Context<Presence>) -> Result<(Connection, Guest), PresenceError> {
            let connection = cx.connection().ok_or(PresenceError::NeedsConnection)?;
            let guest = connection.state::<Guest>().ok_or(PresenceError::NotThere)?;
            Ok((connection, guest))
        }
    };
}

pub(super) use presence;
