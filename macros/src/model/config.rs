//! A struct that derives `Config`: the variables that its fields are read from.

use syn::{Data, DeriveInput, Expr, Fields, Ident, LitStr, Type};

use super::object::refuse_generics;
use crate::attrs::field::{ConfigArgs, parse_config_type};
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::names::{screaming, unraw};
use crate::syntax::types::argument_of;

/// A struct of settings.
pub(crate) struct Config {
    pub(crate) rt: Rt,
    pub(crate) ident: Ident,
    pub(crate) fields: Vec<Setting>,
}

/// One variable.
pub(crate) struct Setting {
    pub(crate) ident: Ident,
    pub(crate) variable: String,
    /// The type that is read from text.
    pub(crate) ty: Type,
    pub(crate) need: Need,
    pub(crate) cfgs: Cfgs,
}

/// What happens where the variable is missing.
pub(crate) enum Need {
    Required,
    Optional,
    Default(Expr),
}

/// Reads and checks the struct. `None`: nothing can be generated.
pub(crate) fn read(input: &DeriveInput, diag: &mut Diag) -> Option<Config> {
    let mut krate = None;
    for attr in input
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("config"))
    {
        krate = parse_config_type(attr, diag);
    }
    let plain = refuse_generics(&input.generics, "a config", diag);
    let Data::Struct(data) = &input.data else {
        diag.error(&input.ident, "a config is a struct")
            .help("write a struct with a field for each variable");
        return None;
    };
    let fields = match &data.fields {
        Fields::Named(named) => named.named.iter().collect(),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(unnamed) => {
            diag.error(unnamed, "the fields of a config need names")
                .help("write `struct Name { field: Type }`")
                .note("a field is read from the variable of its name, in capitals");
            return None;
        }
    };
    let mut settings: Vec<Setting> = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let args = field
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("config"))
            .map(|attr| ConfigArgs::parse(attr, diag))
            .last()
            .unwrap_or_default();
        let setting = read_setting(field, ident, args, &settings, diag);
        settings.push(setting);
    }
    plain.then(|| Config {
        rt: Rt::new(krate),
        ident: input.ident.clone(),
        fields: settings,
    })
}

fn read_setting(
    field: &syn::Field,
    ident: &Ident,
    args: ConfigArgs,
    before: &[Setting],
    diag: &mut Diag,
) -> Setting {
    let at = args.name.as_ref().map_or_else(
        || quote::ToTokens::to_token_stream(ident),
        quote::ToTokens::to_token_stream,
    );
    let variable = args
        .name
        .as_ref()
        .map_or_else(|| screaming(&unraw(ident)), LitStr::value);
    let legal = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if variable.is_empty() || !variable.chars().all(legal) {
        diag.error(
            &at,
            "the name of a variable has only letters, digits and `_`",
        )
        .help("write a name such as `name = \"SMTP_HOST\"`");
    }
    if before
        .iter()
        .any(|setting| setting.variable == variable && setting.cfgs.is_empty())
    {
        diag.error(&at, format!("the variable `{variable}` is read twice"))
            .help("write another: `#[config(name = \"..\")]`");
    }
    let optional = argument_of(&field.ty, "Option");
    let (ty, need) = match (optional, args.default) {
        (Some(inner), Some(default)) => {
            diag.error(&default, format!("`{ident}` is optional and has a default"))
                .help("remove `default`, or the `Option` around the type");
            (inner.clone(), Need::Optional)
        }
        (Some(inner), None) => (inner.clone(), Need::Optional),
        (None, Some(default)) => (field.ty.clone(), Need::Default(default)),
        (None, None) => (field.ty.clone(), Need::Required),
    };
    Setting {
        ident: ident.clone(),
        variable,
        ty,
        need,
        cfgs: Cfgs::of(&field.attrs),
    }
}
