//! Routes and methods, described for the manifest.

use std::collections::BTreeMap;

use super::routes::{Routes, Way};
use crate::http::EdgeAuth;
use crate::manifest::{AuthManifest, FrontRouteManifest, HandlerManifest};

/// Methods by name, and routes.
pub(crate) type Described = (BTreeMap<String, HandlerManifest>, Vec<FrontRouteManifest>);

impl Routes {
    pub(super) fn described(&self) -> Described {
        let methods = self.methods.iter().map(|method| {
            let auth = auth_of(&method.auth);
            (method.name.to_owned(), HandlerManifest { auth })
        });
        let routes = self.all.iter().map(|route| {
            let (auth, class) = match &route.way {
                Way::To(to) => (None, Some(to.class())),
                Way::Run(_) => (Some(auth_of(&route.auth)), None),
            };
            FrontRouteManifest {
                method: route.method,
                path: route.pattern.text.clone(),
                auth,
                class,
            }
        });
        (methods.collect(), routes.collect())
    }
}

fn auth_of(auth: &EdgeAuth) -> AuthManifest {
    match auth {
        EdgeAuth::Public => AuthManifest::Public,
        EdgeAuth::Authenticated => AuthManifest::Authenticated,
        EdgeAuth::Scope(scope) => AuthManifest::Scope {
            scope: scope.to_string(),
        },
        EdgeAuth::Internal => AuthManifest::Internal,
    }
}
