package io.weir.flink.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.cassandra.session.Secret;
import io.weir.cassandra.session.SessionConfig;
import io.weir.cassandra.session.TlsConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.util.TimeUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
  private static ValidatedOptions options(String... pairs) {
    Map<String, String> map =
        new HashMap<>(
            Map.of(
                "contact-points", "node:9042",
                "local-datacenter", "dc1",
                "keyspace", "ks",
                "table", "t"));
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i], pairs[i + 1]);
    }
    return new ValidatedOptions(Configuration.fromMap(map), map);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          contact-points             | node:70000   | 'node:70000' is not a contact point
          contact-points             | ::1          | '::1' is not a contact point
          contact-points             | a:1,,b:1     | '' is not a contact point
          local-datacenter           | " "          | Option 'local-datacenter' is ' ': it must not be empty
          username                   | weir         | belong together: give both or neither
          password                   | s3cret       | belong together: give both or neither
          tls.truststore.path        | /ca.p12      | Option 'tls.truststore.path' is '/ca.p12': it has no effect without 'tls.enabled'
          tls.server-name            | cassandra    | Option 'tls.server-name' is 'cassandra': it has no effect without 'tls.enabled'
          consistency-level.write    | SERIAL       | Option 'consistency-level.write' is 'SERIAL': use one of [ANY, ONE,
          consistency-level.read     | ANY          | Option 'consistency-level.read' is 'ANY': use one of [ONE, TWO,
          request-timeout            | 0 s          | Option 'request-timeout' is 'PT0S': it must be at least 1 ms
          sink.ttl                   | 1500 ms      | Option 'sink.ttl' is 'PT1.5S': give whole seconds
          sink.ttl                   | 7301 d       | Cassandra's limit
          sink.max-in-flight-requests| 0            | Option 'sink.max-in-flight-requests' is '0': it must be at least 1
          sink.batch.max-size        | 0            | it must be at least 1
          sink.batch.max-bytes       | 0 b          | give a positive size
          sink.buffer.max-size       | -1           | it must be at least 1
          sink.buffer.max-time       | 0 ms         | it must be at least 1 ms
          sink.max-retries           | -2           | it must be at least -1
          sink.retry.backoff.max     | 1 ms         | it must not be shorter than 'sink.retry.backoff.initial'
          lookup.cache               | FULL         | needs 'lookup.full-cache.periodic-reload.interval', for example '60 s'
          lookup.cache               | PARTIAL      | needs a bound: 'lookup.partial-cache.max-rows'
          lookup.full-cache.ranges   | city:1-2     | Option 'lookup.full-cache.ranges': 'city:1-2' is not of the form 'column:first..last'
          sink.refused.topic         | letters      | it needs 'sink.refused.properties.bootstrap.servers'
          lookup.max-retries         | -1           | it must be at least 0
          """)
  void aWrongOptionIsNamedWithTheRemedy(String key, String value, String message) {
    ValidatedOptions options = options(key, value);
    assertThatThrownBy(
            () -> {
              options.sink();
              options.readConsistency();
              options.lookup();
            })
        .hasMessageContaining(message);
  }

  @Test
  void contactPointsMayBeSeveralWithOrWithoutPorts() {
    SessionConfig session = options("contact-points", "a:1, b; [::1]:9043").session();
    assertThat(session.contactPoints()).containsExactly("a:1", "b", "[::1]:9043");
    assertThat(session.contactPoints().stream().map(SessionConfig::parseContactPoint))
        .extracting(address -> address.getHostString() + " " + address.getPort())
        .containsExactly("a 1", "b 9042", "::1 9043");
  }

  @Test
  void everyNodeMustShowTheNameThatTheTableGives() {
    TlsConfig tls =
        options("tls.enabled", "true", "tls.server-name", "cassandra.weir").session().tls();
    assertThat(tls.verifyHostname()).isTrue();
    assertThat(tls.serverName()).isEqualTo("cassandra.weir");
  }

  @Test
  void passwordsAppearInNoText() {
    SinkSettings settings =
        options(
                "username", "weir",
                "password", "s3cret",
                "tls.enabled", "true",
                "tls.truststore.path", "/ca.p12",
                "tls.truststore.password", "s3cret")
            .sink();
    assertThat(settings.toString()).contains("weir", "/ca.p12").doesNotContain("s3cret");
    assertThat(settings.session().password().reveal()).isEqualTo("s3cret");
    assertThatThrownBy(() -> options("tls.truststore.password", "s3cret").session())
        .message()
        .contains("tls.truststore.password")
        .doesNotContain("s3cret");
  }

  @Test
  void aPasswordIsReadFromItsFileWhereTheJobRuns(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("password"), "s3cret\n");
    Secret secret = options("username", "u", "password.path", file.toString()).session().password();
    assertThat(secret.reveal()).isEqualTo("s3cret");
    Files.delete(file);
    assertThatThrownBy(secret::reveal).hasMessageContaining("Mount it on every worker");
    assertThatThrownBy(() -> options("password", "a", "password.path", "b").session())
        .hasMessageContaining("'password' and 'password.path' exclude each other");
  }

  @Test
  void equalTablesShareASession() {
    assertThat(options("sink.ttl", "1 h").session()).isEqualTo(options().session());
    assertThat(options("username", "u", "password", "p").session())
        .isNotEqualTo(options().session());
  }

  @Test
  void planningNeedsNoCassandraAndRefusesUnknownOptions() {
    TableEnvironment env = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    String table =
        "CREATE TEMPORARY TABLE %s (k INT PRIMARY KEY NOT ENFORCED) WITH ('connector' = 'cassandra', 'contact-points' ="
            + " 'nowhere:1', 'local-datacenter' = 'dc1', 'keyspace' = 'ks', 'table' = 't'%s)";
    env.executeSql(table.formatted("good", ""));
    env.executeSql(table.formatted("misspelt", ", 'sink.tll' = '1 h'"));
    assertThat(env.explainSql("INSERT INTO good VALUES (1)")).contains("good");
    assertThatThrownBy(() -> env.explainSql("INSERT INTO misspelt VALUES (1)"))
        .hasStackTraceContaining("Unsupported options:\n\nsink.tll");
  }

  @Test
  void theRefusedTopicHasItsProducersSettings() {
    assertThat(options().sink().refused()).isNull();
    RefusedTopic refused =
        options(
                "sink.refused.topic", "letters",
                "sink.refused.properties.bootstrap.servers", "kafka:1",
                "sink.refused.properties.sasl.jaas.config", "s3cret")
            .sink()
            .refused();
    assertThat(refused)
        .isEqualTo(
            new RefusedTopic(
                "letters", Map.of("bootstrap.servers", "kafka:1", "sasl.jaas.config", "s3cret")))
        .hasToString("RefusedTopic[letters, [bootstrap.servers, sasl.jaas.config]]");
    TableEnvironment env = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    env.executeSql(
        "CREATE TEMPORARY TABLE t (k INT PRIMARY KEY NOT ENFORCED) WITH ('connector' = 'cassandra',"
            + " 'contact-points' = 'nowhere:1', 'local-datacenter' = 'dc1', 'keyspace' = 'ks',"
            + " 'table' = 't', 'sink.refused.topic' = 'letters',"
            + " 'sink.refused.properties.bootstrap.servers' = 'kafka:1')");
    assertThat(env.explainSql("INSERT INTO t VALUES (1)")).contains("t");
  }

  @Test
  void rangesAreReadOrRefused() {
    assertThat(options("lookup.full-cache.ranges", "city:1..4096;opened:-7..7").lookup().ranges())
        .containsExactly(new ValueRange("city", 1, 4096), new ValueRange("opened", -7, 7));
  }

  @Test
  void theReadmeListsEveryOption() throws IOException {
    String expected =
        Stream.concat(CassandraOptions.required().stream(), CassandraOptions.optional().stream())
            .map(OptionsTest::readmeLine)
            .collect(Collectors.joining("\n"));
    assertThat(Files.readString(Path.of("README.md")))
        .as("the option table in README.md")
        .contains("| option | default | meaning |\n| --- | --- | --- |\n" + expected + "\n\n");
  }

  private static String readmeLine(ConfigOption<?> option) {
    String fallback = CassandraOptions.required().contains(option) ? "required" : "";
    return "| `%s` | %s | %s |"
        .formatted(
            option.key(),
            option.hasDefaultValue() ? "`" + text(option.defaultValue()) + "`" : fallback,
            new HtmlFormatter().format(option.description()).replaceAll("</?code[^>]*>", "`"));
  }

  private static String text(Object value) {
    return value instanceof Duration duration
        ? TimeUtils.formatWithHighestUnit(duration)
        : value.toString();
  }
}
