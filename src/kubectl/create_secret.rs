//! `kubectl create secret tls` and `docker-registry`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/create` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::create::{add_files, create, create_flags, name};
use super::error::Error;
use super::flags::Flags;
use super::request::{dry_run_flags, print_flags, validate_flags};
use crate::api::base64;
use crate::api::json;

/// The flags of `secret tls`.
pub const TLS_FLAGS: &str = concat!(create_flags!(), ";cert string;key string;append-hash bool");
/// The flags of `secret docker-registry`.
pub const REGISTRY_FLAGS: &str = concat!(
    create_flags!(),
    ";docker-username string;docker-password string;docker-email string;docker-server string=https://index.docker.io/v1/;\
     from-file slice;append-hash bool"
);
/// The flags of `token`.
pub const TOKEN_FLAGS: &str = concat!(
    print_flags!(),
    ";audience array;duration duration=0s;bound-object-kind string;bound-object-name string;bound-object-uid string"
);

/// Creates a secret of a type.
fn secret(context: &mut Context<'_>, flags: &Flags, ty: &str, data: &[(String, String)]) -> Result<(), Error> {
    let encoded = data.iter().map(|(key, text)| (key.clone(), Value::from(base64::encode(text.as_bytes()))));
    let data: Map<String, Value> = encoded.collect();
    let value = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": flags.args[0]}, "type": ty, "data": data,
    });
    create(context, flags, value, "secret")
}

/// Runs `kubectl create secret tls`. That a key belongs to its certificate is not checked here.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_secret_tls.go createSecretTLS
pub fn tls(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    name(flags, "secret tls")?;
    if flags.text("key").is_empty() || flags.text("cert").is_empty() {
        return Err("key and cert must be specified".into());
    }
    let read = |flag: &str| {
        let path = flags.text(flag);
        let missing = || format!("Cannot read file {path}, open {path}: no such file or directory");
        context.files.read(path).ok_or_else(|| Error::Plain(missing()))
    };
    let (certificate, key) = (read("cert")?, read("key")?);
    let has = |text: &str, what: &str| text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(what));
    for (text, block, what) in [(&certificate, "CERTIFICATE", "certificate"), (&key, "PRIVATE KEY", "key")] {
        if !has(text, "-----") {
            return Err(format!("tls: failed to find any PEM data in {what} input").into());
        }
        if !has(text, block) {
            return Err(format!("tls: failed to find {what} PEM data in {what} input").into());
        }
    }
    let data = [("tls.crt".to_owned(), certificate), ("tls.key".to_owned(), key)];
    secret(context, flags, "kubernetes.io/tls", &data)
}

/// Runs `kubectl create secret docker-registry`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_secret_docker.go createSecretDockerRegistry
pub fn docker_registry(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    const KEY: &str = ".dockerconfigjson";
    name(flags, "secret docker-registry")?;
    let login = ["docker-username", "docker-password", "docker-server"].map(|flag| flags.text(flag));
    let files = flags.list("from-file");
    if files.is_empty() && login.iter().any(|text| text.is_empty()) {
        return Err(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is \
                    required"
                .into(),
        );
    }
    let mut data = Vec::new();
    if files.is_empty() {
        let [user, password, server] = login;
        let auth = base64::encode(format!("{user}:{password}").as_bytes());
        let mut entry = vec![("username", user), ("password", password)];
        entry.extend(Some(("email", flags.text("docker-email"))).filter(|(_, email)| !email.is_empty()));
        entry.push(("auth", &auth));
        // The order of the fields is that of the Go struct.
        let quoted = |text: &str| json::to_string(&Value::from(text));
        let fields: Vec<String> = entry.iter().map(|(key, text)| format!("{}:{}", quoted(key), quoted(text))).collect();
        data.push((KEY.to_owned(), format!("{{\"auths\":{{{}:{{{}}}}}}}", quoted(server), fields.join(","))));
    } else {
        let named = |file: &String| if file.contains('=') { file.clone() } else { format!("{KEY}={file}") };
        let files: Vec<String> = files.iter().map(named).collect();
        add_files(context, &files, &mut |key, text| {
            data.push((key.to_owned(), text.to_owned()));
            Ok(())
        })?;
    }
    secret(context, flags, "kubernetes.io/dockerconfigjson", &data)
}

/// Refuses `kubectl create token`, as kubectl does where the account is missing.
///
/// # Errors
/// Always.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_token.go Run
pub fn token(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    use crate::api::kind::Kind;
    use crate::api::status::Status;
    let name = name(flags, "token")?;
    let (namespace, _) = super::resources::namespace(context, flags);
    if context.cluster.store().get(Kind::ServiceAccount, &namespace, &name).is_none() {
        let missing = Error::from(Status::not_found(Kind::ServiceAccount, &name));
        return Err(format!("failed to create token: {}", missing.sentence()).into());
    }
    Err("failed to create token: nobody signs or checks tokens in this simulated cluster".into())
}
