package io.weir.flink.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.table.api.TableEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests against a node that requires passwords and TLS. System properties name it, its truststore
 * and a file with the password of the role {@code writer}, which may use {@code secured.readings}
 * (k int, name text).
 */
class SecuredNodeIT {
  private static final String CONTACT_POINT = System.getProperty("cassandra.secured.contact-point");
  private static final String DATACENTER = System.getProperty("cassandra.datacenter");
  private static final String TRUSTSTORE = System.getProperty("cassandra.secured.truststore");
  private static final String STORE_PASSWORD =
      System.getProperty("cassandra.secured.truststore-password");
  private static final String PASSWORD_FILE = System.getProperty("cassandra.secured.password-file");

  private static final String LOGIN = "'username' = 'writer'";
  private static final String PASSWORD = "'password.path' = '" + PASSWORD_FILE + "'";
  private static final String TLS = "'tls.enabled' = 'true'";
  private static final String TRUST =
      "'tls.truststore.path' = '%s', 'tls.truststore.password' = '%s'"
          .formatted(TRUSTSTORE, STORE_PASSWORD);

  /** An environment with the table, configured with these options. */
  private static TableEnvironment reaching(String... options) {
    TableEnvironment env = CassandraTestBase.batch("parallelism.default=1");
    String with =
        Stream.concat(
                Stream.of(
                    "'connector' = 'cassandra'",
                    "'contact-points' = '" + CONTACT_POINT + "'",
                    "'local-datacenter' = '" + DATACENTER + "'",
                    "'keyspace' = 'secured'",
                    "'table' = 'readings'"),
                Stream.of(options))
            .collect(Collectors.joining(", ", " WITH (", ")"));
    env.executeSql(
        "CREATE TABLE readings (k INT, name STRING, PRIMARY KEY (k) NOT ENFORCED)" + with);
    return env;
  }

  private static void insert(TableEnvironment env, int key) throws Exception {
    CassandraTestBase.run(env, "INSERT INTO readings VALUES (" + key + ", 'kept')");
  }

  private static List<String> lookUp(TableEnvironment env, int key) {
    env.executeSql(
        "CREATE VIEW asked AS SELECT k, PROCTIME() AS p FROM (VALUES (" + key + ")) AS v(k)");
    return CassandraTestBase.rows(
        env,
        "SELECT asked.k, r.name FROM asked LEFT JOIN readings FOR SYSTEM_TIME AS OF asked.p AS r"
            + " ON r.k = asked.k");
  }

  @Test
  void rowsAreWrittenAndLookedUpWithAPasswordOverTls() throws Exception {
    TableEnvironment env = reaching(LOGIN, PASSWORD, TLS, TRUST);
    insert(env, 1);
    assertThat(lookUp(env, 1)).containsExactly("+I[1, kept]");
  }

  @Test
  void aWrongPasswordIsSaid(@TempDir Path folder) throws Exception {
    Path wrong = Files.writeString(folder.resolve("password"), "not it\n");
    TableEnvironment env = reaching(LOGIN, "'password.path' = '" + wrong + "'", TLS, TRUST);
    assertThatThrownBy(() -> insert(env, 2)).hasStackTraceContaining("AuthenticationException");
    assertThatThrownBy(() -> insert(env, 2))
        .satisfies(error -> assertThat(stackTrace(error)).doesNotContain("not it"));
  }

  @Test
  void aNodeWhoseCertificateIsNotTrustedIsRefused() {
    TableEnvironment env = reaching(LOGIN, PASSWORD, TLS);
    assertThatThrownBy(() -> insert(env, 3)).hasStackTraceContaining("AllNodesFailedException");
  }

  @Test
  void withoutTlsTheNodeDoesNotAnswer() {
    TableEnvironment env = reaching(LOGIN, PASSWORD);
    assertThatThrownBy(() -> insert(env, 4)).hasStackTraceContaining("AllNodesFailedException");
  }

  private static String stackTrace(Throwable error) {
    return Stream.iterate(error, cause -> cause != null, Throwable::getCause)
        .map(Throwable::toString)
        .collect(Collectors.joining("\n"));
  }
}
