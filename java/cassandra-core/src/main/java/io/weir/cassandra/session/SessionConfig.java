package io.weir.cassandra.session;

import java.io.Serializable;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * All that opening a session needs. Equal configurations share one session (see {@link
 * SharedSession}).
 *
 * @param contactPoints {@code host:port} of some nodes; the others are discovered from them
 * @param username null for a cluster without authentication
 * @param tls null for plain connections
 * @param requestTimeout how long a single attempt of a request may take
 */
public record SessionConfig(
    List<String> contactPoints,
    String localDatacenter,
    String keyspace,
    String username,
    Secret password,
    TlsConfig tls,
    Duration requestTimeout)
    implements Serializable {

  /** The port on which Cassandra listens for CQL unless told otherwise. */
  public static final int DEFAULT_PORT = 9042;

  /**
   * Parses {@code host}, {@code host:port} or {@code [ipv6]:port}. The name is resolved when
   * connecting, and again when reconnecting, so that a service name outlives the addresses behind
   * it.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static InetSocketAddress parseContactPoint(String text) {
    int colon = text.lastIndexOf(':');
    boolean hasPort = colon > text.lastIndexOf(']') && text.indexOf(':') >= 0;
    String host = hasPort ? text.substring(0, colon) : text;
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.contains(":")) {
      throw badContactPoint(text);
    }
    try {
      int port = hasPort ? Integer.parseInt(text.substring(colon + 1)) : DEFAULT_PORT;
      if (host.isBlank() || port < 1 || port > 65535) {
        throw badContactPoint(text);
      }
      return InetSocketAddress.createUnresolved(host, port);
    } catch (NumberFormatException e) {
      throw badContactPoint(text);
    }
  }

  private static IllegalArgumentException badContactPoint(String text) {
    return new IllegalArgumentException(
        "'%s' is not a contact point. Write host:port with a port of 1 to 65535, for example cassandra-1:9042 or"
                .formatted(text)
            + " [::1]:9042.");
  }
}
