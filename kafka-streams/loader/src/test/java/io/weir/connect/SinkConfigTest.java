package io.weir.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.cassandra.session.SessionConfig;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;

class SinkConfigTest {
  private static SinkConfig config(String... further) {
    Map<String, String> settings = new HashMap<>();
    settings.put("contact.points", "cassandra:9042");
    settings.put("local.datacenter", "dc1");
    settings.put("keyspace", "orders");
    settings.put("tables", "rows:table");
    for (int i = 0; i < further.length; i += 2) {
      settings.put(further[i], further[i + 1]);
    }
    return new SinkConfig(settings);
  }

  @Test
  void secretsAreFilesThatTheWorkerReads() {
    SessionConfig session =
        config(
                "username", "job_orders",
                "password.file", "/etc/role/password",
                "tls.enabled", "true",
                "tls.truststore.path", "/etc/trust/truststore.p12",
                "tls.truststore.password.file", "/etc/trust/password",
                "tls.server-name", "cassandra.weir")
            .session();
    assertThat(session.username()).isEqualTo("job_orders");
    assertThat(session.password().file()).isEqualTo("/etc/role/password");
    assertThat(session.tls().truststore().path()).isEqualTo("/etc/trust/truststore.p12");
    assertThat(session.tls().truststore().password().file()).isEqualTo("/etc/trust/password");
    assertThat(session.tls().keystore()).isNull();
    assertThat(session.tls().verifyHostname()).isTrue();
    assertThat(session.tls().serverName()).isEqualTo("cassandra.weir");
  }

  @Test
  void withoutTlsTheConnectionIsPlain() {
    assertThat(config().session().tls()).isNull();
  }

  @Test
  void aTruststoreWithoutTlsIsRefused() {
    assertThatThrownBy(() -> config("tls.truststore.path", "/etc/trust/truststore.p12"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("tls.enabled");
  }

  @Test
  void aTableWithoutATopicIsRefused() {
    assertThatThrownBy(() -> config("tables", "table"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("topic:table");
  }
}
