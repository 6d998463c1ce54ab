//! Tells the service manager that started the process how it stands: one datagram (`sd_notify(3)`).

use std::ffi::OsStr;

/// Sends a state such as `READY=1` to the socket that `NOTIFY_SOCKET` names. Nothing depends on whether it arrives.
pub fn notify(socket: &OsStr, state: &str) {
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt as _;
        use std::os::unix::ffi::OsStrExt as _;
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        let address = match socket.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(socket),
        };
        let sent = UnixDatagram::unbound().and_then(|from| from.send_to_addr(state.as_bytes(), &address?));
        drop(sent);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (socket, state);
}
