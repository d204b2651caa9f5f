package io.weir.cassandra.session;

import java.io.Serializable;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * Everything needed to open a session. Equal configurations share one session (see {@link
 * SharedSession}).
 *
 * @param contactPoints {@code host:port} of some nodes; the driver discovers the others
 * @param username null for a cluster without authentication
 * @param tls null for plain connections
 * @param requestTimeout the timeout of a single attempt
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

  /** Cassandra's default CQL port. */
  public static final int DEFAULT_PORT = 9042;

  /**
   * Parses {@code host}, {@code host:port} or {@code [ipv6]:port}. The name stays unresolved: the
   * driver resolves it at every connect and reconnect, so a service name keeps working when its
   * addresses change.
   *
   * @throws IllegalArgumentException if the text has another form
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
