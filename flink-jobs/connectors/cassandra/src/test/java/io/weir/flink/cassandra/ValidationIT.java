package io.weir.flink.cassandra;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.table.api.TableEnvironment;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ValidationIT extends CassandraTestBase {
  @BeforeAll
  void createTables() {
    cassandra.execute(
        "CREATE TABLE flights (carrier text, day date, id bigint, tags list<text>, hits varint, PRIMARY KEY ((carrier, day), id))");
    cassandra.execute("CREATE TABLE visits (k int PRIMARY KEY, n counter)");
  }

  private AbstractThrowableAssert<?, ? extends Throwable> insertInto(String columns, String table) {
    TableEnvironment env = streaming("parallelism.default=1");
    env.executeSql("CREATE TABLE target (" + columns + ")" + with(table));
    env.executeSql(
        "CREATE TABLE nothing WITH ('connector' = 'datagen', 'number-of-rows' = '1') LIKE target (EXCLUDING ALL)");
    return assertThatThrownBy(() -> run(env, "INSERT INTO target SELECT * FROM nothing"))
        .rootCause();
  }

  @Test
  void allDifferencesAreListedAtOnce() {
    insertInto(
            "carrier STRING, `day` STRING, id INT, hits DECIMAL(10, 2), gate STRING, PRIMARY KEY (carrier, id) NOT ENFORCED",
            "flights")
        .hasMessageContaining("does not match " + keyspace + ".flights")
        .hasMessageContaining(
            "column 'day' is date in Cassandra and STRING in Flink: declare it DATE")
        .hasMessageContaining(
            "column 'id' is bigint in Cassandra and INT in Flink: declare it BIGINT")
        .hasMessageContaining("column 'hits' is varint in Cassandra and DECIMAL(10, 2) in Flink")
        .hasMessageContaining(
            "column 'gate' does not exist in Cassandra, which has [carrier, day, id, hits, tags]")
        .hasMessageContaining(
            "PRIMARY KEY is (carrier, id) in Flink and (carrier, day, id) in Cassandra");
  }

  @Test
  void collectionsAndCountersAreRefusedWithTheReason() {
    insertInto("carrier STRING, `day` DATE, id BIGINT, tags ARRAY<STRING>", "flights")
        .hasMessageContaining(
            "column 'tags' is list<text> in Cassandra: collections are not supported");
    insertInto("k INT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED", "visits")
        .hasMessageContaining("column 'n' is counter in Cassandra: a counter cannot be set");
  }

  @Test
  void theWholePrimaryKeyMustBeWritten() {
    insertInto("carrier STRING, id BIGINT", "flights")
        .hasMessageContaining("columns [day] of Cassandra's primary key are not declared in Flink");
  }

  @Test
  void aMissingTableIsNamedTogetherWithThoseThatExist() {
    insertInto("k INT", "Flights")
        .hasMessageContaining(
            "The table 'Flights' does not exist in keyspace '%s', which has [flights, visits]",
            keyspace);
  }

  @Test
  void lookupsWithoutACopyNeedTheKeyOfCassandra() {
    TableEnvironment env = streaming("parallelism.default=1");
    env.executeSql(
        "CREATE TABLE flights (carrier STRING, `day` DATE, id BIGINT)" + with("flights"));
    env.executeSql(
        "CREATE TABLE probes (c STRING, i BIGINT, p AS PROCTIME()) WITH ('connector' = 'datagen', 'number-of-rows' = '1')");
    assertThatThrownBy(
            () ->
                env.executeSql(
                        "SELECT * FROM probes JOIN flights FOR SYSTEM_TIME AS OF probes.p ON carrier = c AND id = i")
                    .collect()
                    .forEachRemaining(row -> {}))
        .rootCause()
        .hasMessageContaining(
            "only look up the whole partition key [carrier, day], followed by the clustering columns [id]")
        .hasMessageContaining("set 'lookup.cache' = 'FULL'");
  }
}
