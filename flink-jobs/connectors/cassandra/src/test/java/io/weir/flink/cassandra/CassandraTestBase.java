package io.weir.flink.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.cql.Row;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** Gives each test class a keyspace of its own in the Cassandra named by the system properties. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CassandraTestBase {
  static final String CONTACT_POINT = System.getProperty("cassandra.contact-point");
  static final String DATACENTER = System.getProperty("cassandra.datacenter");

  final String keyspace = getClass().getSimpleName().toLowerCase() + "_" + System.nanoTime();
  CqlSession cassandra;

  @BeforeAll
  void createKeyspace() {
    cassandra =
        CqlSession.builder()
            .addContactPoint(address())
            .withLocalDatacenter(DATACENTER)
            .withConfigLoader(
                DriverConfigLoader.programmaticBuilder()
                    .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(20))
                    .build())
            .build();
    cassandra.execute(
        "CREATE KEYSPACE %s WITH replication = {'class': 'NetworkTopologyStrategy', '%s': 1}"
            .formatted(keyspace, DATACENTER));
    cassandra.execute("USE " + keyspace);
  }

  @AfterAll
  void dropKeyspace() {
    cassandra.execute("DROP KEYSPACE " + keyspace);
    cassandra.close();
  }

  static InetSocketAddress address() {
    int colon = CONTACT_POINT.lastIndexOf(':');
    return new InetSocketAddress(
        CONTACT_POINT.substring(0, colon), Integer.parseInt(CONTACT_POINT.substring(colon + 1)));
  }

  /** The WITH clause of a Flink table; {@code more} are further {@code 'key' = 'value'} pairs. */
  String with(String table, String... more) {
    return withContactPoint(CONTACT_POINT, table, more);
  }

  String withContactPoint(String contactPoint, String table, String... more) {
    return Stream.concat(
            Stream.of(
                "'connector' = 'cassandra'",
                "'contact-points' = '" + contactPoint + "'",
                "'local-datacenter' = '" + DATACENTER + "'",
                "'keyspace' = '" + keyspace + "'",
                "'table' = '" + table + "'"),
            Stream.of(more))
        .collect(Collectors.joining(", ", " WITH (", ")"));
  }

  static TableEnvironment streaming(String... settings) {
    return environment(EnvironmentSettings.newInstance().inStreamingMode(), settings);
  }

  static TableEnvironment batch(String... settings) {
    return environment(EnvironmentSettings.newInstance().inBatchMode(), settings);
  }

  private static TableEnvironment environment(
      EnvironmentSettings.Builder builder, String... settings) {
    Configuration configuration = new Configuration();
    configuration.setString("parallelism.default", "2");
    configuration.setString("pipeline.object-reuse", "true");
    configuration.setString("restart-strategy.type", "none");
    configuration.setString("table.local-time-zone", "UTC");
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      configuration.setString(
          setting.substring(0, equals).trim(), setting.substring(equals + 1).trim());
    }
    return TableEnvironment.create(builder.withConfiguration(configuration).build());
  }

  static void run(TableEnvironment env, String statement) throws Exception {
    env.executeSql(statement).await();
  }

  /** All rows that a query returns, as text. */
  static List<String> rows(TableEnvironment env, String query) {
    List<String> rows = new ArrayList<>();
    env.executeSql(query).collect().forEachRemaining(row -> rows.add(row.toString()));
    return rows;
  }

  List<Row> select(String cql) {
    return cassandra.execute(cql).all();
  }

  /** Polls until the condition holds; fails after 60 s. */
  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("Within 60 s not: " + what);
      }
      Thread.sleep(20);
    }
  }
}
