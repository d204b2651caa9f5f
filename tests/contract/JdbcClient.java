import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** What a person's tool does: logs in by Trino's JDBC driver. Prints for each statement its rows, or the refusal. */
public final class JdbcClient {
    private JdbcClient() {}

    public static void main(String[] arguments) {
        Properties login = new Properties();
        login.setProperty("user", arguments[1]);
        if (!arguments[2].isEmpty()) {
            login.setProperty("password", arguments[2]);
        }
        for (int index = 3; index < arguments.length; index++) {
            System.out.println(answer(arguments[0], login, arguments[index]));
        }
    }

    private static String answer(String url, Properties login, String statement) {
        try (Connection connection = DriverManager.getConnection(url, login);
                Statement asked = connection.createStatement()) {
            if (!asked.execute(statement)) {
                return "[]";
            }
            return rows(asked.getResultSet());
        } catch (SQLException error) {
            return quoted(error.getMessage() + " " + error.getCause());
        }
    }

    private static String rows(ResultSet result) throws SQLException {
        List<String> rows = new ArrayList<>();
        while (result.next()) {
            List<String> values = new ArrayList<>();
            for (int column = 1; column <= result.getMetaData().getColumnCount(); column++) {
                values.add(quoted(String.valueOf(result.getString(column))));
            }
            rows.add("[" + String.join(", ", values) + "]");
        }
        return "[" + String.join(", ", rows) + "]";
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\s+", " ") + '"';
    }
}
