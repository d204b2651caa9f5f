package io.weir.flink.cassandra;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;

class LookupIT extends CassandraTestBase {
  private static final String FULL = "'lookup.cache' = 'FULL'";
  private static final String FAST_RELOAD =
      "'lookup.full-cache.periodic-reload.interval' = '100 ms'";
  private static final String SLOW_RELOAD = "'lookup.full-cache.periodic-reload.interval' = '1 h'";

  /** An endless stream of 0, 1, ... 4, repeated until it is closed. */
  private static void createProbes(TableEnvironment env, String more) {
    env.executeSql(
        "CREATE TABLE probes (id BIGINT, k AS CAST(MOD(id, 5) AS INT), p AS PROCTIME()) WITH ('connector' = 'datagen',"
            + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '1000000'"
            + more
            + ")");
  }

  private static void readUntil(CloseableIterator<Row> rows, String wanted) {
    Set<String> seen = new HashSet<>();
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (System.nanoTime() < deadline) {
      String row = rows.next().toString();
      if (row.equals(wanted)) {
        return;
      }
      seen.add(row);
    }
    throw new AssertionError("Within 60 s no row " + wanted + ", but " + seen);
  }

  @Test
  @SuppressWarnings("try") // An exception from close fails the test, as it should.
  void aFullCopySeesUpdatesAndOutlivesAnEmptyAndAMissingTable() throws Exception {
    cassandra.execute("CREATE TABLE carriers (k int PRIMARY KEY, name text)");
    cassandra.execute("INSERT INTO carriers (k, name) VALUES (1, 'United')");
    RecordingReporter.clear();
    TableEnvironment env = streaming(RecordingReporter.SETTING);
    env.executeSql(
        "CREATE TABLE carriers (k INT, name STRING, PRIMARY KEY (k) NOT ENFORCED)"
            + with("carriers", FULL, FAST_RELOAD));
    createProbes(env, ", 'rows-per-second' = '500'");
    try (CloseableIterator<Row> joined =
        env.executeSql(
                "SELECT probes.k, c.name FROM probes LEFT JOIN carriers FOR SYSTEM_TIME AS OF probes.p AS c ON c.k = probes.k")
            .collect()) {
      readUntil(joined, "+I[1, United]");
      readUntil(joined, "+I[2, null]");
      assertThat(RecordingReporter.gauge("referenceRows")).isEqualTo(1);
      assertThat(RecordingReporter.gauge("lastReloadEpochMillis"))
          .isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());

      cassandra.execute("INSERT INTO carriers (k, name) VALUES (1, 'United Airlines')");
      cassandra.execute("INSERT INTO carriers (k, name) VALUES (2, 'Delta')");
      readUntil(joined, "+I[1, United Airlines]");
      readUntil(joined, "+I[2, Delta]");

      cassandra.execute("TRUNCATE carriers");
      await(
          "an empty reload was refused", () -> RecordingReporter.gauge("refusedEmptyReloads") > 0);
      readUntil(joined, "+I[2, Delta]");

      cassandra.execute("DROP TABLE carriers");
      await("a reload failed", () -> RecordingReporter.gauge("failedReloads") > 0);
      readUntil(joined, "+I[2, Delta]");

      cassandra.execute("CREATE TABLE carriers (k int PRIMARY KEY, name text)");
      cassandra.execute("INSERT INTO carriers (k, name) VALUES (2, 'Delta Air Lines')");
      readUntil(joined, "+I[2, Delta Air Lines]");
    }
  }

  @Test
  @SuppressWarnings("try")
  void anEmptyReloadIsAcceptedWhereItIsAllowed() throws Exception {
    cassandra.execute("CREATE TABLE offers (k int PRIMARY KEY, name text)");
    cassandra.execute("INSERT INTO offers (k, name) VALUES (1, 'one')");
    TableEnvironment env = streaming();
    env.executeSql(
        "CREATE TABLE offers (k INT, name STRING)"
            + with("offers", FULL, FAST_RELOAD, "'lookup.full-cache.allow-empty-reload' = 'true'"));
    createProbes(env, ", 'rows-per-second' = '500'");
    try (CloseableIterator<Row> joined =
        env.executeSql(
                "SELECT probes.k, c.name FROM probes LEFT JOIN offers FOR SYSTEM_TIME AS OF probes.p AS c ON c.k = probes.k")
            .collect()) {
      readUntil(joined, "+I[1, one]");
      cassandra.execute("TRUNCATE offers");
      readUntil(joined, "+I[1, null]");
    }
  }

  @Test
  void aFullCopyIsJoinedOnAnyColumnsWithSeveralMatchesAndNullsMatchNothing() throws Exception {
    cassandra.execute(
        "CREATE TABLE airports (faa text PRIMARY KEY, city text, state text, alt int)");
    cassandra.execute(
        "INSERT INTO airports (faa, city, state, alt) VALUES ('JFK', 'New York', 'NY', 13)");
    cassandra.execute(
        "INSERT INTO airports (faa, city, state, alt) VALUES ('LGA', 'New York', 'NY', 22)");
    cassandra.execute(
        "INSERT INTO airports (faa, city, state, alt) VALUES ('ORF', 'Norfolk', 'VA', 26)");
    cassandra.execute("INSERT INTO airports (faa, city, alt) VALUES ('XXX', 'Norfolk', 0)");
    RecordingReporter.clear();
    TableEnvironment env = streaming("parallelism.default=1", RecordingReporter.SETTING);
    env.executeSql(
        "CREATE TABLE airports (faa STRING, alt INT, state STRING, city STRING)"
            + with("airports", FULL, SLOW_RELOAD));
    env.executeSql(
        "CREATE VIEW cities AS SELECT *, PROCTIME() AS p FROM (VALUES ('New York', 'NY'), ('Norfolk', 'VA'),"
            + " ('Norfolk', CAST(NULL AS STRING)), ('Boston', 'MA')) AS t(city, state)");
    assertThat(
            rows(
                env,
                "SELECT c.city, a.faa FROM cities c LEFT JOIN airports FOR SYSTEM_TIME AS OF c.p AS a"
                    + " ON a.city = c.city AND a.state = c.state"))
        .containsExactlyInAnyOrder(
            "+I[New York, JFK]",
            "+I[New York, LGA]",
            "+I[Norfolk, ORF]",
            "+I[Norfolk, null]",
            "+I[Boston, null]");
    // The city with a null state was not looked up.
    assertThat(RecordingReporter.gauge("joinMisses")).isEqualTo(1);
    assertThat(RecordingReporter.text("missingKeys")).matches("\\{\"(Boston, MA|MA, Boston)\":1}");
  }

  @Test
  void aFullCopyHoldsTwentyThousandRowsOfWhichManyShareAName() throws Exception {
    cassandra.execute("CREATE TABLE products (k bigint PRIMARY KEY, name text)");
    TableEnvironment env = streaming();
    String columns = " (k BIGINT, name STRING, PRIMARY KEY (k) NOT ENFORCED)";
    env.executeSql("CREATE TABLE written" + columns + with("products"));
    env.executeSql("CREATE TABLE products" + columns + with("products", FULL, SLOW_RELOAD));
    env.executeSql(
        "CREATE TABLE ids (id BIGINT, p AS PROCTIME()) WITH ('connector' = 'datagen', 'number-of-rows' = '20000',"
            // By default, it makes 10,000 rows a second.
            + " 'rows-per-second' = '10000000', 'fields.id.kind' = 'sequence',"
            + " 'fields.id.start' = '0', 'fields.id.end' = '19999')");
    run(env, "INSERT INTO written SELECT id, 'name ' || CAST(id % 1000 AS STRING) FROM ids");

    // Each row joins by its own key, even if other rows have the same name.
    env.executeSql("CREATE TABLE joined" + columns + with("products_joined"));
    cassandra.execute("CREATE TABLE products_joined (k bigint PRIMARY KEY, name text)");
    run(
        env,
        "INSERT INTO joined SELECT id, c.name FROM ids LEFT JOIN products FOR SYSTEM_TIME AS OF ids.p AS c"
            + " ON c.k = ids.id");
    List<com.datastax.oss.driver.api.core.cql.Row> stored =
        select("SELECT k, name FROM products_joined");
    assertThat(stored)
        .hasSize(20_000)
        .allMatch(row -> ("name " + row.getLong("k") % 1000).equals(row.getString("name")));
  }

  @Test
  void requestsPerKeyFindTheRowsOfAPartitionCachedOrNot() throws Exception {
    cassandra.execute("CREATE TABLE legs (k int, c int, v text, PRIMARY KEY (k, c))");
    for (int i = 0; i < 8; i++) {
      cassandra.execute("INSERT INTO legs (k, c, v) VALUES (?, ?, ?)", i % 4, i, "v" + i);
    }
    for (String mode :
        List.of(
            "'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '100'",
            "'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.expire-after-write' = '1 min', 'lookup.async' = 'false'",
            "'lookup.cache' = 'NONE'",
            "'lookup.async' = 'false'")) {
      RecordingReporter.clear();
      TableEnvironment env = streaming("parallelism.default=1", RecordingReporter.SETTING);
      env.executeSql(
          "CREATE TABLE legs (k INT, c INT, v STRING, PRIMARY KEY (k, c) NOT ENFORCED)"
              + with("legs", mode));
      createProbes(env, ", 'number-of-rows' = '10'");
      assertThat(
              rows(
                  env,
                  "SELECT id, v FROM probes LEFT JOIN legs FOR SYSTEM_TIME AS OF probes.p ON legs.k = probes.k"))
          .as(mode)
          .hasSize(18)
          .contains(
              "+I[0, v0]", "+I[0, v4]", "+I[8, v3]", "+I[8, v7]", "+I[4, null]", "+I[9, null]");
      assertThat(RecordingReporter.text("missingKeys")).as(mode).matches("\\{\"4\":[12]}");
    }
  }
}
