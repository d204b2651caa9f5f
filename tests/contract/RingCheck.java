import io.weir.cassandra.session.Secret;
import io.weir.cassandra.session.SessionConfig;
import io.weir.cassandra.session.SharedSession;
import io.weir.cassandra.session.TlsConfig;
import java.time.Duration;
import java.util.List;

/** Prints the nodes to which the connector's session has connections, or what it failed with. */
public final class RingCheck {
  public static void main(String[] arguments) throws Exception {
    String point = arguments[0], datacenter = arguments[1], store = arguments[2];
    String serverName = arguments[3].isEmpty() ? null : arguments[3];
    int wanted = Integer.parseInt(arguments[4]);
    TlsConfig tls =
        new TlsConfig(
            new TlsConfig.Store(store, Secret.ofText("changeit"), "PKCS12"), null, true, serverName);
    SessionConfig config =
        new SessionConfig(
            List.of(point), datacenter, "system", "cassandra", Secret.ofText("cassandra"), tls,
            Duration.ofSeconds(20));
    try (var lease = SharedSession.acquire(config)) {
      var nodes = lease.cql().getMetadata().getNodes().values();
      long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (nodes.stream().filter(node -> node.getOpenConnections() > 0).count() < wanted
          && System.nanoTime() < deadline) {
        Thread.sleep(200);
      }
      nodes.stream()
          .filter(node -> node.getOpenConnections() > 0)
          .map(node -> node.getBroadcastRpcAddress().orElseThrow().getAddress().getHostAddress())
          .sorted()
          .forEach(System.out::println);
    } catch (RuntimeException refused) {
      for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
        System.out.println("refused: " + cause);
      }
      System.out.println("refused: " + refused.getMessage());
    }
  }
}
