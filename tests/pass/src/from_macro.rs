//! Objects that a `macro_rules` of the user's makes, with every kind of fragment.

use stayput::prelude::*;

macro_rules! object {
    ($(#[$attr:meta])* $name:ident { $field:ident: $ty:ty = $default:expr } $action:ident($param:ident: $param_ty:ty) -> $output:ty $body:block) => {
        $(#[$attr])*
        #[durable_object(events(Changed))]
        pub(crate) struct $name {
            #[state(default = $default)]
            $field: $ty,
        }

        #[durable_object]
        impl $name {
            #[action]
            fn get(&self) -> $ty {
                self.$field.clone()
            }

            #[action]
            fn $action(&mut self, #[param(default = 1)] $param: $param_ty) -> $output {
                self.$field = $param.into();
                $body
            }
        }
    };
}

#[event]
pub(crate) struct Changed;

object!(
    /// Made by a macro.
    Made { value: u64 = 7 } set(to: u32) -> Result<()> { Ok(()) }
);
object!(Other { value: u64 = 8 } set(this: u32) -> u8 { 0 });
